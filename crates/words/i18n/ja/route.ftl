### 受信メールのルートの言葉。

route-step-recipient = 宛先 { $value } の先頭がパターン { $pattern } に一致しました。
route-step-recipient-not = 宛先 { $value } の先頭はパターン { $pattern } に一致しません。
route-step-header = { $name } フィールドの値 { $value } の先頭がパターン { $pattern } に一致しました。
route-step-header-not = { $name } フィールドは { $count } 個ありますが、先頭がパターン { $pattern } に一致するものはありません。
route-step-header-absent = メッセージに { $name } フィールドがありません。
route-step-catch-all = これより優先度の高いルートがどれも一致しなかったので、残りをこのルートが受け持ちます。
route-step-caught = すでにルート { $route } が一致しているので、catch_all() の出番はありません。
route-step-too-hard = パターン { $pattern } はこの文字列に対して手順が多くなりすぎるため、一致しないものとして扱います。繰り返しの中の繰り返しを減らしてください。
route-step-stopped = 調べていません。ルート { $route } が一致し、stop() を指示したためです。
route-does-forward = メッセージを { $address } へ転送します。
route-does-loop = { $address } への転送は元の宛先に戻ることになり、メッセージが循環するので行いません。
route-does-post = メッセージを { $url } へ POST します。
route-does-store = あとで取り出せるようにメッセージを保管します。
route-does-notify = 保管場所を { $url } に知らせます。
route-does-stop = 以降のルートは調べません。
route-does-nothing = 転送するはずでしたが、取り込んだ文字列ではアドレスになりません: { $why }。
