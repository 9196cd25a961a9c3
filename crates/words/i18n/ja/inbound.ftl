### 外から届いたメールを断った理由、迷惑メールに入れた理由。

inbound-refused-spf = { $domain } の SPF は、このクライアントからの送信を認めていません。本文を受け取る前に断りました。
inbound-refused-dmarc = { $domain } の DMARC に失敗しました。ドメインの持ち主は、このようなメールの拒否を求めています。
inbound-deferred-dmarc = { $domain } の DMARC ポリシーを確認できませんでした。送信側に再送を求めました。
inbound-junk-dmarc-reject = { $domain } の DMARC に失敗しました (ポリシーは reject)。このサーバーは、そのようなメールを迷惑メールに入れる設定です。
inbound-junk-dmarc-quarantine = { $domain } の DMARC に失敗しました。ドメインの持ち主は、このようなメールの隔離を求めています。
inbound-junk-spf = { $domain } の SPF に失敗し、DMARC でも正当性を確かめられませんでした。
inbound-refused-mailbox = メールボックス { $address } はここにありません。本文を受け取る前に断りました。
inbound-refused-relay = { $address } はこのサーバーの宛先ではなく、クライアントには中継を頼む権限がないため、断りました。
inbound-banned = { $ip } から { $account } へのログインでパスワードの誤りが続きました。{ $until } まで、そこからのログインを断ります。
