### 画面の文言：ログインと、画面から管理するもの。

## 入口
page-sign-in = ログイン
page-sign-out = ログアウト
page-name = 名前
page-password = パスワード
page-sign-in-nobody = ログインできる人がまだいません。サーバーで次のコマンドを実行すると、最初の管理者ができ、パスワードが表示されます：
page-sign-in-refused = 名前かパスワードが違います。
page-sign-in-banned = あなたのネットワークからのログインが何度も失敗しました。次の時刻以降にもう一度お試しください：
page-trouble-foreign = 何も変更していません。このフォームはこのサーバーのページから送られたものではないか、古くなっています。前のページに戻って再読み込みし、もう一度送信してください。
page-trouble-read-only = 何も変更していません。すべてを見ることはできますが、変更には admin の役割が必要です。
page-role-admin = 管理者
page-role-read-only = 閲覧のみ
