<?php
// Symfony's mailer with its bridge. It speaks https and nothing else, so that a client in the middle makes it http.

require __DIR__.'/facts.php';
require '/usr/share/php/Symfony/Component/HttpClient/autoload.php';
require '/usr/share/php/Symfony/Component/Mailer/autoload.php';
require '/usr/share/php/Symfony/Component/Mailer/Bridge/Mailgun/autoload.php';

use Symfony\Component\HttpClient\HttpClient;
use Symfony\Component\Mailer\Bridge\Mailgun\Transport\MailgunApiTransport;
use Symfony\Component\Mailer\Bridge\Mailgun\Transport\MailgunHttpTransport;
use Symfony\Component\Mailer\Bridge\Mailgun\Transport\MailgunTransportFactory;
use Symfony\Component\Mailer\Exception\HttpTransportException;
use Symfony\Component\Mailer\Header\MetadataHeader;
use Symfony\Component\Mailer\Header\TagHeader;
use Symfony\Component\Mailer\Mailer;
use Symfony\Component\Mailer\Transport;
use Symfony\Component\Mime\Address;
use Symfony\Component\Mime\Email;
use Symfony\Contracts\HttpClient\HttpClientInterface;
use Symfony\Contracts\HttpClient\ResponseInterface;
use Symfony\Contracts\HttpClient\ResponseStreamInterface;

final class PlainClient implements HttpClientInterface
{
    private HttpClientInterface $inner;

    public function __construct()
    {
        $this->inner = HttpClient::create();
    }

    public function request(string $method, string $url, array $options = []): ResponseInterface
    {
        return $this->inner->request($method, preg_replace('/^https:/', 'http:', $url), $options);
    }

    public function stream($responses, ?float $timeout = null): ResponseStreamInterface
    {
        return $this->inner->stream($responses, $timeout);
    }

    public function withOptions(array $options): static
    {
        $clone = clone $this;
        $clone->inner = $this->inner->withOptions($options);

        return $clone;
    }
}

function transport(string $class, array $change = [])
{
    global $facts;
    $with = $change + $facts;
    $transport = new $class($with['key'], $with['domain'], null, new PlainClient());

    return $transport->setHost($facts['host'])->setPort($facts['port']);
}

function letter(): Email
{
    global $facts;

    return (new Email())
        ->from(new Address('alice@sender.test', '山田太郎'))
        ->to(new Address('friend@receiver.test', '友人'))
        ->subject($facts['subject'])
        ->text($facts['text']);
}

function picture(): string
{
    global $facts;

    return base64_decode($facts['picture']);
}

function rich(): Email
{
    $email = letter()
        ->text("こんにちは。\n")
        ->html('<p>写真 <img src="cid:logo.png"></p>')
        ->cc('copy@receiver.test')
        ->replyTo(new Address('reply@sender.test', '返信'))
        ->attach("plain octets\n", 'a b.txt', 'text/plain')
        ->attach(picture(), '日本.png', 'image/png')
        ->embed(picture(), 'logo.png', 'image/png');
    $email->getHeaders()->add(new TagHeader('invoice'));
    $email->getHeaders()->add(new MetadataHeader('order', '17'));

    return $email;
}

function sent(string $class, Email $email): array
{
    return ['id' => transport($class)->send($email)->getMessageId()];
}

$api = MailgunApiTransport::class;
$http = MailgunHttpTransport::class;
run([
    'api_simple' => fn () => sent($api, letter()),
    'http_simple' => fn () => sent($http, letter()),
    'api_rich' => function () use ($api) {
        $email = rich()->bcc('hidden@receiver.test');
        $email->getHeaders()->addTextHeader('o:deliverytime', gmdate('D, d M Y H:i:s O', time() + 2));

        return sent($api, $email);
    },
    'http_rich' => fn () => sent($http, rich()->bcc('hidden@receiver.test')),
    'batch' => function () use ($api) {
        $email = letter()
            ->to('ann@receiver.test', 'ben@receiver.test')
            ->subject('%recipient.name%: %recipient.number%')
            ->text("Dear %recipient.name% <%recipient_email%>\n");
        $email->getHeaders()->addTextHeader('recipient-variables', json_encode([
            'ann@receiver.test' => ['name' => 'Ann', 'number' => 1],
            'ben@receiver.test' => ['name' => 'Ben', 'number' => 2],
        ]));

        return sent($api, $email);
    },
    'template' => function () use ($api) {
        $email = letter()->subject('Hello');
        $headers = $email->getHeaders();
        $headers->addTextHeader('template', 'welcome');
        $headers->addTextHeader('t:variables', json_encode(['greeting' => 'こんにちは', 'name' => '<Ann>', 'vip' => true]));

        return sent($api, $email);
    },
    // Addresses that are none do not leave the library, so that a bad request is made of something else.
    'errors' => function () use ($api, $http) {
        $torn = letter();
        $torn->getHeaders()->addTextHeader('recipient-variables', '{');
        $large = letter()->text(str_repeat('x', 56 << 20));
        $refusals = [
            [$torn, [], "'recipient-variables' parameter is not a valid JSON (code 400).", [$api]],
            [letter(), ['key' => 'wrong'], 'Forbidden (code 401).', [$api, $http]],
            [letter(), ['domain' => 'unknown.test'], 'Domain not found: unknown.test (code 404).', [$api, $http]],
            [$large, [], 'request size exceeds 52.4MiB limit (code 413).', [$api]],
        ];
        foreach ($refusals as [$email, $change, $text, $classes]) {
            foreach ($classes as $class) {
                try {
                    transport($class, $change)->send($email);
                } catch (HttpTransportException $error) {
                    same('Unable to send an email: '.$text, $error->getMessage());
                    continue;
                }
                throw new Exception('this was sent');
            }
        }
    },
    // As an application is configured.
    'configured' => function () use ($facts) {
        $factory = new Transport([new MailgunTransportFactory(null, new PlainClient())]);
        foreach ($facts['dsn'] as $number => $dsn) {
            (new Mailer($factory->fromString($dsn)))->send(letter()->subject('Hello from Symfony '.$number));
        }
    },
]);
