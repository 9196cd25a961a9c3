### コマンドが表示する文。

cli-unknown-subject = { $subject } はキュー ID でもアドレスでもありません。
