### ラボの物語と登場するホスト。

lab-playing = メールを配送中
lab-started =
    この一台の中に小さなインターネットができました。
      DNS       { $dns }
      SMTP      127.42.0.0/24 のポート { $port } (ホストごとに一つのアドレス)
      ページ    { $page } ですべてのメールのやり取りを見られます
lab-scene-broken = この場面を演じられませんでした: { $reason }
lab-scene-too-long = { $seconds } 秒たってもメールの行方が決まりませんでした。
lab-door-api = HTTP API から
lab-door-submission = 投稿ポート (STARTTLS と AUTH) から
lab-door-outside = 別のネットワークの { $machine } [{ $ip }] から
lab-tls-trusted = 信頼できる証明書
lab-tls-untrusted = 暗号化あり、証明書は信頼できない
lab-tls-none = 平文
lab-not-as-expected = 予想: { $expected }
lab-closing = { $all } 通のうち { $good } 通が予想どおりになりました。
lab-try = ラボは動き続けます。ページ: { $page }  試してみてください:
lab-try-curl = HTTP API で送る
lab-try-swaks = STARTTLS と AUTH で投稿する
lab-try-stranger = 銀行になりすまして、断られる
lab-try-dig = DNS に問い合わせる
lab-stop = Ctrl-C で終わります。

lab-scene-sign-up = 大手プロバイダー宛ての登録確認メール
lab-scene-contact-form = 添付ファイルつきの日本語のお問い合わせメール
lab-scene-greylist = グレイリスティングをする受信側
lab-scene-dead-mx = 一台目の MX ホストが止まっているドメイン
lab-scene-null-mx = メールを受け取らないドメイン
lab-scene-self-signed = 自己署名証明書の受信側
lab-scene-no-such-user = 存在しないメールボックス
lab-scene-no-records = SPF と DKIM のレコードがない新しいドメイン
lab-scene-spoofed-there = 大手プロバイダー宛てに、銀行になりすましたメール
lab-scene-spoofed-here = 自分のサーバー宛てに、銀行になりすましたメール
lab-scene-partner = 取引先から届くメール

lab-lesson-sign-up = 差出人のドメインについて SPF、DKIM、DMARC がすべて pass し、送信元アドレスの逆引きと正引きも一致しています。プロバイダーが断る理由はありません。
lab-lesson-contact-form = 訪問者のアドレスは From ではなく Reply-To に入れます。だから DMARC は pass し、返信は訪問者に届きます。
lab-lesson-greylist = 451 は失敗ではありません。キューが自動で出直し、二度目で受け取られます。
lab-lesson-dead-mx = MX ホストは優先度の順に試します。一台が応答しなくても、少し時間がかかるだけです。
lab-lesson-null-mx = `MX 0 .` は「ここではメールを読まない」という宣言です。五日待たずに、すぐ送信者に知らせます。
lab-lesson-self-signed = 相手の鍵が不明でも、暗号化すれば盗み聞きは防げます。平文より安全です。それ以上を求められるのはポリシー (MTA-STS、DANE) だけです。
lab-lesson-no-such-user = 恒久的な失敗は、相手の応答をそのまま添えて送信者に戻します。そのアドレスには二度と送りません。
lab-lesson-no-records = `tegami domain records newshop.test` が表示するレコードを公開してください。SPF も DKIM もないと大手プロバイダーは受け取りません。
lab-lesson-spoofed-there = bank.test は `v=spf1 -all` と `p=reject` を公開しています。ほかの誰もその名前では送れません。
lab-lesson-spoofed-here = 自分のサーバーも、受け取る前に検証し、断る理由を相手に伝えます。
lab-lesson-partner = 差出人のドメインについて SPF が pass したので、署名がなくても DMARC は pass します。メールは判定とともに INBOX に入りました。

lab-fate-unknown = 行方がわかりません。
lab-fate-delivered = { $host } が受け取り、{ $mailbox } に入れました。
lab-fate-after-waiting = { $attempts } 回目の試行で { $host } が受け取りました。
lab-fate-second-host = 次の MX ホスト { $host } が受け取りました。
lab-fate-received = 自分のサーバーが INBOX に受け取りました。
lab-fate-bounced = 恒久的に失敗し、送信者に知らせました: { $reply }
lab-fate-no-host = このドメイン宛てのメールを受け取るホストはありません ({ $code })。送信者にすぐ知らせました。
lab-fate-refused = { $host } が断りました: { $reply }

lab-expected-inbox = INBOX に届く
lab-expected-after-waiting = 一度待たされてから届く
lab-expected-second-host = 二台目の MX ホストに届く
lab-expected-untrusted = 信頼できない証明書の TLS で届く
lab-expected-bounced = { $code } で失敗し、送信者に通知される
lab-expected-refused = { $code } で断られる

lab-host-site = 自分のサーバー。shop.test と newshop.test から送り、shop.test で受け取ります。
lab-host-dns = この小さなインターネットの DNS。dig で問い合わせできます。
lab-host-bigmail = 送信者ガイドライン (PTR、TLS、SPF または DKIM、DMARC) を守らせる大手プロバイダー。
lab-host-grey = 初めての相手には出直しを求めます。
lab-host-dead = deadmx.test の一台目の MX ホスト。誰も待ち受けていません。
lab-host-alive = deadmx.test の二台目の MX ホスト。
lab-host-selfsigned = 証明書は自己署名です。
lab-host-partner = SPF だけで整っている別の会社。
lab-host-spoofer = bank.test の名をかたります。
