# 貼り付けられたヘッダーの読み取り。
headers-trust-receiver = 受信側が書いたもの。受信側が書く位置に、受信側の名前で書かれています。
headers-trust-foreign = メールが届いたあとで書かれたものですが、受信したホストとは別の名前です。誰が書いたか知っている場合だけ信用してください。
headers-trust-brought = メールと一緒に届いたもの。誰でも書けるため、ここからは何も言えません。
headers-trust-forged = 受信側の名前が書かれていますが、メールと一緒に届いたもので、受信側が書いたものではありません。
headers-trust-sealed = ARC セットの一部。信用できるかどうかはシール次第で、検証しなければわかりません（`tegami inspect`）。
headers-results-forged = { $field } は、このメールを受け取った { $by } が書いたことになっていますが、届く前からあったものです。信用させようとした誰かが書いた疑いがあります。
headers-field-twice = { $field } が { $count } 個あります。一つしか許されないフィールドで、表示するものと検査するものが食い違うおそれがあります。
headers-field-missing = { $field } がありません。必須のフィールドで、なければ多くの受信側が拒否します。
headers-name-is-an-address = 差出人の表示名が別のアドレス { $shown } に見えます。実際の差出人は { $real } です。多くのメールソフトは表示名だけを見せます。
headers-reply-elsewhere = 返信先は { $to } で、差出人のドメイン（{ $author }）ではありません。メールマガジンやフォームでもそうなりますが、詐欺でもよく使われます。
headers-return-elsewhere = エラー通知の宛先は { $to } で、差出人のドメイン（{ $author }）ではありません。配信サービスやメーリングリストから送られたもので、SPF は差出人については何も示しません。
headers-slow-hop = { $host } が受け取ったのは、一つ前のホップの { $minutes } 分後です。そこで待たされたか、保留されたか、時計がずれています。
headers-time-goes-back = { $host } は、一つ前のホップより { $minutes } 分早く受け取ったことになっています。時計がずれているか、Received フィールドが作り物です。
headers-date-is-far = Date フィールドと最初の Received フィールドが { $hours } 時間離れています。フィルターに減点されることがあります。
headers-no-received = Received フィールドがなく、どこを通ってきたのかわかりません。一部だけを貼り付けていませんか。
