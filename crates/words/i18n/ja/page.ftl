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

## 共通
page-nav-messages = メール
page-nav-suppressions = 送信停止
page-nav-keys = API キー
page-nav-users = ユーザー
page-trouble-refused = 次の理由でできないため、何も変更していません：
page-any = すべて
page-domain = ドメイン
page-recipient = 宛先
page-sender = 差出人
page-tag = タグ
page-address = アドレス
page-list = リスト
page-reason = 理由
page-state = 状態
page-role = 役割
page-provider = 事業者
page-search = 検索
page-show-all = すべて表示
page-more = 続き
page-remove = 削除
page-set = 設定
page-go-there = 開く
page-the-message = 元のメール
page-done-changed = 完了しました。変更した件数：{ $count }
page-done-held = 保留しました。規則を解除するまで待ちます。
page-done-lifted = 解除しました。保留していたメールは自動で送られます。
page-done-suppressed = このアドレスには今後送りません。
page-done-forgiven = このアドレスに再び送れるようになりました。
page-done-removed = 削除しました。
page-done-added = 追加しました。
page-done-password = パスワードを変え、すべてのログインを終わらせました。
page-done-verified = いま DNS に問い合わせました。

## 概要
page-attention = 対応が必要です
page-numbers = この 24 時間
page-numbers-partial = 件数が多いため、新しいものだけを数えています。
page-accepted = 受け付け
page-delivered = 配送済み
page-deferred = 再試行待ち
page-waiting = 待機中
page-held = 保留中
page-failed = 失敗
page-arrived = 到達率
page-chart-hours = 一時間ごとの宛先数（UTC）
page-chart-providers = 事業者ごとの到達率
page-as-table = 一覧で見る
page-all-messages = すべてのメール

## メール
page-search-hint = 件名、アドレス、タグ、ID
page-search-fate = 結果
page-search-more = 詳しい条件
page-from-day = この日から（UTC）
page-to-day = この日まで（UTC）
page-messages-none-fit = 条件に合うメールはありません。
page-newest = 最新へ
page-older = 古いものへ
page-fate-delivered = 配送済み
page-fate-waiting = 待機中
page-fate-held = 保留中
page-fate-failed = 失敗
page-fate-received = 受信
page-fate-test = テストモード

## キュー
page-queue-paused = 設定により配送を止めています。メールは受け付けますが、何も送り出しません。
page-providers = 事業者
page-providers-none = 待っているメールはなく、まだ何も送っていません。
page-connections = 接続
page-per-minute = 直近の一分
page-today = 今日
page-warm-up = ウォームアップ
page-warm-up-day = { $day } 日目
page-pace = ペース
page-paused-until = 次の時刻まで送りません：
page-hold = 保留する
page-hold-one = 保留する
page-hold-by = 保留した人：
page-lift = 保留を解除
page-retry = いま試す
page-release = 解除する
page-drop = 取り消す…
page-drop-silent = だれにも知らせずに取り消す
page-drop-told = 差出人に知らせて取り消す
page-holds = 保留の規則
page-who-waits = 待っている宛先
page-queue-find = 待っている宛先を探す
page-hold-new = 規則で保留する
page-hold-new-lead = 解除するまで、いま待っているメールとこれから来るメールを保留します。
page-hold-what = 対象
page-hold-value = 値
page-hold-domain = 宛先ドメイン
page-hold-provider = 宛先の事業者
page-hold-sender = 送信ドメイン
page-hold-account = アカウントまたはキー
page-hold-tag = タグ

## 送信停止
page-suppressions-lead = 次のアドレスには送りません。メールボックスが存在しないか、読者が配信停止を求めたか、迷惑メールとして報告したためです。
page-suppressions-none = ありません。どのアドレスにも送れます。
page-suppressions-none-fit = 条件に合うアドレスはありません。
page-list-bounces = 不達
page-list-unsubscribes = 配信停止
page-list-complaints = 迷惑報告
page-source-rule = 受信側が拒否
page-source-notification = 不達通知が返送
page-source-complaint = 受信側が報告を転送
page-source-person = 人が登録
page-source-api = API から登録
page-forgive = 送信を再開
page-suppress-new = アドレスを登録する
page-suppress = 送信を止める

## API キー
page-keys-lead = プログラムは HTTP API にキーを示します。一つのドメインのキーはそのドメインの送信だけ、すべてのキーは管理者と同じことができます。
page-keys-none = キーはまだありません。
page-key-made = キー { $name } が表示されるのは今回だけです。使う場所に写してください：
page-key-sends = 送信のみ：
page-key-everything = すべて
page-key-remove-sure = このキーを使うプログラムは接続できなくなります。
page-key-new = キーを作る
page-key-name = 呼び名
page-key-may = できること
page-key-make = キーを作る

## ユーザー
page-users-lead = ここにログインできる人です。管理者はすべてを変更でき、閲覧のみの人はすべてを見られます。
page-users-none = まだいません。
page-make-admin = 管理者にする
page-make-read-only = 閲覧のみにする
page-new-password = 新しいパスワード…
page-user-remove-sure = その人のログインはすべて直ちに終わります。
page-user-new = ユーザーを追加する
page-user-add = 追加
