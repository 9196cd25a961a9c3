# 診断、`tlsrpt` の検査。
check-tlsrpt-record = TLS についてのレポートの宛先がある
check-tlsrpt-record-about = TLS についてのレポートを送信側に求めるレコードを調べます。MTA-STS や DANE で TLS を必須にしている場合、メールが届かなくなったことをこのレポートで知ることができます。
check-tlsrpt-target = TLS についてのレポートが届く
check-tlsrpt-target-about = レポートの宛先のドメインがメールを受け取れるか、また指定されたウェブサーバーにアドレスがあるかを調べます。
tlsrpt-record = { $domain } は TLS についてのレポートを求めています。
tlsrpt-passed-over = レポートの宛先のうち、次のものは送信側が使えないため無視されます：{ $uris }
tlsrpt-no-record = { $domain } には、TLS についてのレポートを求める読み取れるレコードがありません。
tlsrpt-version = { $name } に TLS についてのレポートを求めるつもりのレコードがありますが、`v=TLSRPTv1;` で始まらないため、送信側に無視されます。
tlsrpt-fix = { $name } のレコードを次のように公開してください。
tlsrpt-several = { $name } には TLS についてのレポートを求めるレコードが { $count } 件あります。送信側はどれも使いません。
tlsrpt-several-fix = { $name } のレコードを 1 件だけ残し、ほかは削除してください。
tlsrpt-field = { $name } のレコードの `{ $field }` は「名前=値」の形ではないため、レコードを読み取れません。
tlsrpt-uri = { $name } のレコードの `{ $uri }` はレポートの宛先ではありません。先頭に `mailto:` か `https:` を付けてください。
tlsrpt-no-rua = { $name } のレコードにレポートの宛先（`rua=`）がありません。
tlsrpt-receives-nothing = { $domain } はメールを受け取らないため、報告することがありません。
tlsrpt-absent = { $domain } は TLS についてのレポートを求めていません。レポートがあると送信側が暗号化できているか分かりますが、必須ではありません。
tlsrpt-absent-demanded = { $domain } は MTA-STS か DANE で TLS を必須にしていますが、レポートを求めていません。証明書やレコードに誤りがあると、メールが届かなくなっても気付けません。
tlsrpt-target = { $domain } のレポートの宛先には届きます。
tlsrpt-dead = TLS についてのレポートの宛先 { $host } は、メールホストやアドレスがないため受け取れません。
tlsrpt-dead-fix = 実在する宛先を指定するか、{ $host } を直してください。
