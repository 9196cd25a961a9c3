### コマンドが表示する文。

cli-unknown-subject = { $subject } はキュー ID でもアドレスでもありません。

## 設定

cli-config-unreadable = 設定ファイル { $path } を読めません: { $reason }
cli-config-not-toml = TOML として読めません: { $reason }
cli-config-unknown-key = 知らないキー `{ $key }` です
cli-config-did-you-mean = `{ $key }` の間違いではありませんか
cli-config-known-keys = ここで使えるキー: `{ $keys }`
cli-config-wants-text = `{ $key }` には引用符で囲んだ文字列を書いてください
cli-config-wants-boolean = `{ $key }` には `true` か `false` を書いてください
cli-config-wants-port = `{ $key }` には 1 から 65535 までのポート番号を書いてください
cli-config-wants-count = `{ $key }` には 1 以上の整数を書いてください
cli-config-wants-table = `{ $key }` にはテーブルを書いてください
cli-config-wants-address = `{ $key }` にはポート (25)、アドレスとポート ("127.0.0.1:2525")、それらのリスト、または `false` を書いてください
cli-config-wants-size = `{ $key }` には 26214400 や "25MiB" のようにサイズを書いてください
cli-config-one-of = `{ $key }` には `{ $choices }` のどれかを書いてください
cli-config-no-hostname = `hostname` がありません。"mail.example.com" のように、このサーバーの名前を書いてください
cli-config-bad-domain = `{ $domain }` はドメイン名ではありません: { $reason }
cli-config-bad-ip = `{ $text }` は IP アドレスではありません
cli-config-tls-half = `certificate` と `key` は組で指定してください。どちらも省くと、自己署名証明書を作ります
cli-config-no-acme = この版は ACME による証明書の取得に対応していません。`certificate` と `key` を指定してください
cli-config-smarthost-host = `smarthost` には `host` が必要です
cli-config-smarthost-credentials = `user` とパスワードは組で指定してください (`password`、`password_file`、`password_env` のどれか一つ)
cli-config-secret-file = パスワードファイル { $path } を読めません: { $reason }
cli-config-secret-env = 環境変数 { $name } が設定されていません
cli-config-secret-twice = パスワードが二重に指定されています。`password`、`password_file`、`password_env` のどれか一つにしてください
