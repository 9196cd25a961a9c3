<?php
// PHP with nothing but its curl: what people write by hand, and what their receivers check.

require __DIR__.'/facts.php';

function call(string $method, string $path, $body = null, array $fields = [], ?string $key = null): array
{
    global $facts;
    $curl = curl_init($facts['url'].$path);
    curl_setopt_array($curl, [
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_HTTPAUTH => CURLAUTH_BASIC,
        CURLOPT_USERPWD => 'api:'.($key ?? $facts['key']),
        CURLOPT_HTTPHEADER => $fields,
        CURLOPT_TIMEOUT => 30,
    ]);
    if (null !== $body) {
        curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
    }
    $said = curl_exec($curl);
    if (false === $said) {
        throw new Exception(curl_error($curl));
    }
    $type = curl_getinfo($curl, CURLINFO_CONTENT_TYPE);

    return [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $type, json_decode($said, true) ?? $said];
}

function good(array $answer): array
{
    same(200, $answer[0] === 200 ? 200 : $answer);
    same(0, strpos($answer[1], 'application/json'));

    return $answer[2];
}

$letter = [
    'from' => $facts['author'] ?? '',
    'to' => 'friend@receiver.test',
    'subject' => $facts['subject'] ?? '',
    'text' => $facts['text'] ?? '',
];
run([
    // An array makes multipart, a string a form.
    'simple' => fn () => good(call('POST', "/v3/$domain/messages", $letter)),
    'form' => fn () => good(call('POST', "/v3/$domain/messages", http_build_query($letter))),
    'rich' => function () use ($facts, $domain, $letter) {
        $picture = base64_decode($facts['picture']);

        return good(call('POST', "/v3/$domain/messages", [
            'cc' => 'copy@receiver.test',
            'bcc' => 'hidden@receiver.test',
            'h:Reply-To' => 'reply@sender.test',
            'text' => "こんにちは。\n",
            'html' => '<p>写真 <img src="cid:logo.png"></p>',
            'o:tag[0]' => 'invoice',
            'o:tag[1]' => 'tag 1',
            'v:order' => '17',
            'o:deliverytime' => gmdate('D, d M Y H:i:s O', time() + 2),
            'attachment[0]' => new CURLStringFile("plain octets\n", 'a b.txt', 'text/plain'),
            'attachment[1]' => new CURLStringFile($picture, '日本.png', 'image/png'),
            'inline[0]' => new CURLStringFile($picture, 'logo.png', 'image/png'),
        ] + $letter));
    },
    'batch' => fn () => good(call('POST', "/v3/$domain/messages", http_build_query([
        'to' => 'ann@receiver.test, ben@receiver.test',
        'subject' => '%recipient.name%: %recipient.number%',
        'text' => "Dear %recipient.name% <%recipient_email%>\n",
        'recipient-variables' => json_encode([
            'ann@receiver.test' => ['name' => 'Ann', 'number' => 1],
            'ben@receiver.test' => ['name' => 'Ben', 'number' => 2],
        ]),
    ] + $letter))),
    'mime' => function () use ($domain) {
        $message = "From: alice@$domain\r\nTo: friend@receiver.test\r\nSubject: whole\r\nMessage-ID: <of-php@$domain>\r\n\r\nHello\r\n";
        $answer = good(call('POST', "/v3/$domain/messages.mime", [
            'to' => 'friend@receiver.test',
            'message' => new CURLStringFile($message, 'message', 'message/rfc822'),
        ]));
        same("<of-php@$domain>", $answer['id']);

        return $answer;
    },
    'errors' => function () use ($domain, $letter) {
        [$status, $type, $said] = call('POST', "/v3/$domain/messages", $letter, [], 'wrong');
        same([401, 'Forbidden'], [$status, $said]);
        same(0, strpos($type, 'text/plain'));
        same(['message' => 'Domain not found: unknown.test'], call('POST', '/v3/unknown.test/messages', $letter)[2]);
        same(
            [400, ['message' => 'to parameter is not a valid address. please check documentation']],
            array_values(array_diff_key(call('POST', "/v3/$domain/messages", ['to' => 'nobody'] + $letter), [1 => '']))
        );
        same(404, call('GET', '/v3/no/such/path')[0]);
        [$status, , $said] = call('POST', "/v3/$domain/messages", ['text' => str_repeat('x', 56 << 20)] + $letter);
        same([413, ['message' => 'request size exceeds 52.4MiB limit']], [$status, $said]);
    },
    'events' => function () use ($domain, $facts) {
        $page = good(call('GET', "/v3/$domain/events?".http_build_query(['event' => 'delivered OR failed', 'limit' => 1])));
        $seen = [];
        while ($page['items']) {
            $seen = array_merge($seen, array_column($page['items'], 'id'));
            $page = good(call('GET', substr($page['paging']['next'], strlen($facts['url']))));
        }
        same(count($seen), count(array_unique($seen)));

        return ['seen' => count($seen)];
    },
    // As mailgun-php does it: a token beside a moment, signed.
    'webhook' => function () use ($facts) {
        $genuine = function (array $signed, string $key): bool {
            $expected = hash_hmac('sha256', $signed['timestamp'].$signed['token'], $key);

            return hash_equals($expected, $signed['signature']) && abs(time() - (int) $signed['timestamp']) < 300;
        };
        foreach ($facts['received'] as $post) {
            $body = utf8_decode($post['body']);
            if (0 === strpos($post['content_type'], 'application/json')) {
                $signed = json_decode($body, true, 512, JSON_THROW_ON_ERROR)['signature'];
            } else {
                parse_str($body, $signed);
            }
            same(true, is_string($signed['timestamp']));
            same(50, strlen($signed['token']));
            same(true, $genuine($signed, $facts['signing']));
            same(false, $genuine($signed, 'another'));
        }
    },
]);
