# 診断：メールソフトがサーバーを見つけるためのレコード。
check-srv-autoconfig = メールソフトがサーバーを自動で見つけられる
check-srv-autoconfig-about = メールソフトが送信先と受信先を見つけるための SRV レコード（`_submissions._tcp`、`_imaps._tcp`）と、従来の autoconfig、autodiscover の名前を調べます。なければホスト名とポート番号を手で入力することになり、間違いのもとです。これが理由で拒否されることはありません。
srv-no-mail = { $domain } はメールを受け取りません。
srv-autoconfig = メールソフトは { $domain } の送信先と受信先を見つけられます。
srv-autoconfig-none = { $domain } は送信先と受信先をメールソフトに示していません。利用者がホスト名とポート番号を手で入力する必要があります。
srv-autoconfig-other = { $domain } には { $name } があり、一部のメールソフトはこれでサーバーを見つけます。標準の SRV レコードはそろっていません。
srv-autoconfig-fix = このホストがこれらのポートでメールソフトからの送信と受信に応じるなら、次のレコードを公開してください。別のホストが担う場合は、その名前に置き換えます。
srv-autoconfig-fix-words = メールボックスの運用者にホスト名とポート番号を確認し、`_submissions._tcp` と `_imaps._tcp` の SRV レコードとして公開してください。
srv-autoconfig-dead = { $name } が示す { $host } にはアドレスがありません。たどったメールソフトは接続先を見つけられません。
srv-autoconfig-dead-fix = { $host } のアドレスを公開するか、このレコードを削除してください。
srv-autoconfig-alias = { $name } が示す { $host } は { $target } の別名です。SRV レコードのホストを別名にしてはならず、たどらないソフトがあります。
srv-autoconfig-alias-fix = { $target } を直接書いてください。
