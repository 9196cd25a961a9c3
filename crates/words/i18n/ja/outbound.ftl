### 送信について伝える文：配送先の探し方と、うまくいかなかった理由。

## 配送先を探す
outbound-route-direct = 設定の経路「{ $route }」により、このメールは宛先ドメインのサーバーに直接送ります。
outbound-route-always = 設定の経路「{ $route }」により、このメールは必ずスマートホストを経由し、宛先のサーバーには直接送りません：{ $relays }
outbound-route-relay-first = 設定の経路「{ $route }」により、このメールはまずスマートホスト（{ $relays }）を経由し、うまくいかなければ宛先のサーバーに直接送ります。
outbound-route-direct-first = 設定の経路「{ $route }」により、このメールはまず宛先のサーバーに直接送り、うまくいかなければスマートホスト（{ $relays }）を経由します。
outbound-route-development = 開発用の設定です：経路「{ $route }」により、宛先に関係なくすべてのメールを { $host }（ポート { $port }）に渡します。本来の宛先には届きません。
outbound-route-overflow = 送信元 { $source } は慣らし運転中で、計画の { $day } 日目に { $place } へ送れる { $allowance } 通はすでに送りました。そのため、このメールはスマートホスト「{ $relay }」を経由します。
outbound-route-smarthost = メールをスマートホスト「{ $relay }」（{ $host }、ポート { $port }）に渡します。この名前の MX レコードは調べません。

## 別の経路に切り替える
outbound-turn-smarthost = この失敗は宛先やメールの内容ではなく、いま使った経路によるものです。スマートホスト「{ $relay }」ならうまくいくかもしれないので、続けて試します。
outbound-turn-direct = この失敗は宛先やメールの内容ではなく、いま使った経路によるものです。宛先のサーバーに直接送ればうまくいくかもしれないので、続けて試します。
outbound-turn-none = 設定には別の経路もありますが、結果は同じになるため試しません。
outbound-host-rests = { $host } [{ $ip }] にはつい先ほど接続できなかった（連続 { $failures } 回）ため、あと { $seconds } 秒は接続を試しません。前回の結果：
outbound-all-rest = 接続を試しませんでした：{ $next_hop } のサーバーはどれもつい先ほど接続できなかったため、{ $seconds } 秒たつまで試しません。その後の最初の一通が、復旧したかどうかを確かめます。
outbound-literal = 宛先に IP アドレス { $ip } が直接書かれているため、DNS は調べません。
outbound-mx-found = { $domain } の MX レコード（優先度とホスト、小さい順）：{ $hosts }
outbound-mx-implicit = { $domain } には MX レコードがないため、ドメイン自身をメールサーバーとみなします。
outbound-domain-alias = { $domain } は { $alias } の別名なので、{ $alias } の MX レコードに従います。
outbound-mx-own = { $host }（優先度 { $preference }）はこのサーバー自身です。送るとメールが戻ってきてしまうため、これと、優先度の数字が同じか大きいホストを除きます。
outbound-hosts-limited = メールサーバーの数が上限を超えているため、先頭の { $limit } 台だけを使います。
outbound-host-addresses = { $host } の IP アドレス：{ $addresses }
outbound-host-alias = { $host } は { $alias } の別名です。MX レコードにはホスト名を直接書くべきですが、別名をたどりました。
outbound-host-without-address = { $host } には IP アドレスがないため、除きます。
outbound-host-dns-failed = { $host } の IP アドレスを調べられませんでした：{ $error }
outbound-host-bad-name = { $host } はホスト名として使えない名前なので、除きます。
outbound-mx-is-address = MX レコードにホスト名ではなく IP アドレス { $host } が書かれているため、配送先になりません。
outbound-host-loopback = { $host } のアドレス { $ip } は、どのマシンから見ても自分自身を指すため、送信しません。
outbound-host-out-of-reach = { $host } の IP アドレス { $ip } はインターネット上のものではなく、機器の内部やローカルリンクのものなので、除きます。

## 配送先がない
outbound-null-mx = { $domain } は null MX を公開しており、メールを一切受け取りません。アドレスが間違っているか、送信専用のドメインです。
outbound-domain-does-not-exist = ドメイン { $domain } は存在しません。アドレスの綴りを確かめてください。
outbound-domain-takes-no-mail = { $domain } には MX レコードも IP アドレスもないため、メールを受け取れません。アドレスの綴りを確かめてください。
outbound-dns-failed = { $name } 宛てのメールの届け先を DNS で調べられませんでした（{ $error }）。メールを受け取れるドメインかどうかは分かりません。
outbound-no-usable-host = { $domain } のメールサーバーのうち、接続できる IP アドレスを持つものが一台もありません。
outbound-address-out-of-reach = { $ip } はインターネット上のアドレスではなく、機器の内部やローカルリンクのものなので、接続しません。
outbound-loop = { $domain } 宛てのメールはこのサーバーに届くことになっていますが、このサーバーはそのドメインを知りません。ここにドメインを追加するか、MX レコードを直してください。
outbound-loop-loopback = { $host } のアドレスは { $ip } で、これはどのマシンから見ても自分自身を指します。このドメイン宛てのメールは送信元に戻ってしまいます。直せるのはドメインの所有者だけです。実在するメールサーバーを MX レコードに書くか、メールを受け取らないなら null MX を公開する必要があります。
outbound-requiretls-insecure-mx = このメールは全経路の暗号化（REQUIRETLS）を求めていますが、{ $domain } のメールサーバーを DNSSEC も MTA-STS ポリシーも保証していないため、別のホストにすり替えられているおそれがあります。

## 接続
outbound-connect-refused = 接続を拒否されました。メールサーバーが動いていないか、ファイアウォールに拒否されました。
outbound-connect-timeout = 時間内に応答がありませんでした。サーバーが止まっているか、ファイアウォールが通信を破棄しています。送信方向の 25 番ポートを塞いでいる事業者もあります。
outbound-connect-unreachable = ここから相手のネットワークへ届く経路がありません。
outbound-connect-failed = 接続できませんでした：{ $error }

## TLS
outbound-tls-failed = TLS ハンドシェイクに失敗しました：{ $error }
outbound-tls-not-offered = このメールには TLS が必要ですが、相手のサーバーは TLS に対応していません。
outbound-tls-distrusted = { $host } の証明書を信頼できません（{ $why ->
    [expired] 期限切れ
    [name] 別の名前の証明書
    [authority] 信頼する認証局が発行したものではない
    [tlsa] どの TLSA レコードとも一致しない
   *[other] 検証できない
}）。{ $by ->
    [dane] ホストの TLSA レコード（DANE）が、そのままの配送を禁じています。
    [mta-sts] 受信者のドメインの MTA-STS ポリシーが、そのままの配送を禁じています。
    [requiretls] このメール自体が、そのままの配送を禁じています（REQUIRETLS）。
    [sender] 送信者が、そのままの配送を禁じています。
   *[configured] 設定により、そのままの配送は禁じられています。
}
outbound-tls-no-roots = 信頼するルート証明書が一つも設定されていないため、どの証明書も信頼できません。
outbound-tls-no-certificate = サーバーは証明書を示しませんでした。
outbound-tls-expired = 証明書は { $when } に期限が切れています。
outbound-tls-not-yet-valid = 証明書は { $when } になるまで有効ではありません。
outbound-tls-other-name = 証明書に { $host } の名前がありません。書かれている名前：{ $names }
outbound-tls-self-signed = 自己署名証明書（{ $subject }）なので、第三者による保証がありません。
outbound-tls-unknown-issuer = 証明書の発行者 { $issuer } は、信頼するルート証明書につながっていません。
outbound-tls-untrusted = 証明書を信頼できません：{ $error }

## TLS の方針
outbound-policy-configured = { $domain } については設定で `{ $policy }` と指定されています。ドメイン側が公開している方針より優先します。
outbound-policy-sender = このメールについては、届け先の方針よりも厳しい条件を送信者が求めています。
outbound-policy-relaxed = 差出人は、ドメインの方針どおりの TLS が使えなくても配送することを求めています（TLS-Required: No）。そのため、ドメインの方針は適用しません。
outbound-dane-found = { $host } には、DNSSEC で保証された TLSA レコードが { $base } に { $count } 個あります。証明書はそのいずれかと一致しなければなりません。
outbound-dane-none-usable = { $host } の TLSA レコードに使えるものがありません。TLS は必須としますが、証明書は問いません。
outbound-dane-required = 設定で DANE が必須とされていますが、{ $host } には DNSSEC で保証された TLSA レコードがありません。
outbound-dane-lookup-failed = { $host } に TLSA レコードがあるかどうかを調べられませんでした（{ $name }：{ $error }）。盗聴しようとする者が故意に起こせる状況なので、今はこのサーバーに送りません。
outbound-dane-no-match = { $host } の証明書は、どの TLSA レコードとも一致しません。通信に割り込まれているか、レコードを変えずに証明書だけが取り替えられています。
outbound-dane-not-issued = 証明書は、TLSA レコードが指す認証局の発行したものではありません：{ $error }
outbound-sts-found = { $domain } には MTA-STS ポリシーがあります（識別子 { $id }、モード { $mode }）。
outbound-sts-host-named = ポリシーは { $host } を認めています（{ $pattern }）。
outbound-sts-host-not-named = { $domain } の MTA-STS ポリシーは、メールの受け取り先として { $host } を認めていません。MX レコードが偽造されているか、ポリシーが古くなっています。
outbound-sts-testing = ポリシーは試験中です。合わない点は報告しますが、メールはそのまま配送します。

## SMTP セッション
outbound-refused-greeting = 接続した直後に、サーバーに拒否されました：{ $reply }
outbound-refused-auth = スマートホストにユーザー名とパスワードを受け付けてもらえませんでした：{ $reply }
outbound-refused-login = スマートホスト「{ $relay }」に、ユーザー名「{ $user }」とそのパスワードを受け付けてもらえませんでした：{ $reply }。設定の [{ $setting }] の user とパスワードを直してください。それまでメールは待っています。
outbound-refused-closing = サーバーが接続を閉じようとしています：{ $reply }
outbound-refused = { $command } に対するサーバーの応答：{ $reply }
outbound-extension-missing = 相手のサーバーはこのメールを受け取れません：{ $reply }
outbound-auth-not-possible = スマートホストにログインできません：{ $reason }
outbound-connection-lost = { $phase } の応答を待っている間に、サーバーが接続を閉じました。
outbound-silence = { $phase } に対する応答が時間内にありませんでした。
outbound-too-slow = サーバーが遅すぎます。{ $phase } の段階で、一通に許した時間を使い切りました。
outbound-not-smtp = サーバーから届いたものは SMTP ではありません：{ $text }
outbound-possibly-delivered = メール全体を送り終えましたが、サーバーが受領を確認する前に接続が切れました。届いている可能性もありますが、失うより二通届くほうがよいため、期限までは再送します。
outbound-nothing-tried = どのホストにも接続を試みませんでした。
outbound-time-is-up = このメールに許した時間を使い切ったので、それ以上は試みていません。
outbound-mailer-delivered = { $host } がメールを受け取りました: { $reply }
outbound-mailer-deferred = メールはどこにも保存されていません。{ $minutes } 分後に、もう一度送ってください。
outbound-mailer-possibly-delivered = { $host } へメール全体を送り終えましたが、受領の確認が来る前に接続が切れました。届いている可能性があります。もう一度送れば二通になるかもしれず、送らなければ一通も届かないかもしれません。
outbound-content-unreadable = メールを自分の保存領域から読み出せませんでした：{ $error }
