### 外から届いたメールを拒否した理由、迷惑メールに入れた理由。

inbound-refused-spf = { $domain } の SPF は、このクライアントからの送信を認めていません。本文を受け取る前に拒否しました。
inbound-refused-dmarc = { $domain } の DMARC に合格しませんでした。ドメインの所有者は、このようなメールの拒否を求めています。
inbound-deferred-dmarc = { $domain } の DMARC ポリシーを確認できませんでした。送信側に再送を求めました。
inbound-junk-dmarc-reject = { $domain } の DMARC に合格しませんでした（ポリシーは reject）。このサーバーは、そのようなメールを迷惑メールに入れる設定です。
inbound-junk-dmarc-quarantine = { $domain } の DMARC に合格しませんでした。ドメインの所有者は、このようなメールの隔離を求めています。
inbound-junk-author = From フィールドから送信者を読み取れないため、DMARC で確かめるドメインがありません。
inbound-junk-spf = { $domain } の SPF に合格せず、DMARC でも正当性を確かめられませんでした。
inbound-refused-mailbox = メールボックス { $address } はここにありません。本文を受け取る前に拒否しました。
inbound-refused-relay = { $address } はこのサーバーの宛先ではなく、クライアントには中継を頼む権限がないため、拒否しました。
inbound-banned = { $ip } から { $account } へのログインでパスワードの誤りが続きました。{ $until } まで、そこからのログインを拒否します。
inbound-refused-return-path = { $address } はこのサーバーのリターンパスの形をしていますが、偽造されたものか、有効期間を過ぎたものか、元のメールの記録がすでにないものです。本文を受け取る前に拒否しました。
inbound-refused-spam = 迷惑メールと見なされました。ドメイン { $domain } はこれを受け取らない設定です (spam_action が block)。
inbound-thrown-away-spam = 迷惑メールと見なされ、ドメイン { $domain } の設定 (spam_action が delete) により破棄しました。
inbound-refused-list = メーリングリスト { $list } は外部からの投稿を受け付けません (access_level が readonly)。投稿できるのは、そのドメインで認証した送信者だけです。本文を受け取る前に拒否しました。
inbound-refused-nowhere = { $address } 宛てのメールは、ルートによって、このサーバーに存在しないアドレスだけに送られます。ルートを直すか、メールボックスを作ってください。
inbound-refused-circles = このメッセージは以前に { $address } からルートで転送され、戻ってきました。そのアドレス宛てのメールの行き先を確認してください。
inbound-refused-paper = リターンパスまたは苦情の受付アドレスに届きましたが、このサーバーが送ったメールについての通知ではなく、読む人もいないため拒否しました。
