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
page-nav-lists = リスト
page-nav-tags = タグ
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
page-since = 登録：

## 概要
page-attention = 対応が必要です
page-numbers = この 24 時間
page-accepted = 受け付け
page-delivered = 配送済み
page-deferred = 再試行待ち
page-waiting = 待機中
page-held = 保留中
page-failed = 失敗
page-arrived = 到達率
page-chart-hours = 一時間ごとの宛先数（UTC）
page-chart-days = 一日ごとの宛先数（UTC）
page-chart-providers = 事業者ごとの到達率
page-as-table = 一覧で見る
page-all-messages = すべてのメール
page-first-steps = 最初のメールを送るには、ドメインのレコードを公開し、送信するプログラムのためのキーを作ります：

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

## メールボックス
page-mailboxes-first = サーバーで次のコマンドを実行すると、メールボックスを持つアカウントができます：

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

## 許可リスト
page-allowed = 許可リスト
page-allowed-lead = ここにあるアドレスとドメインは、届かなくても送信停止になりません。次も送ります。
page-allowed-none = ありません。届かなかったアドレスには、次から送りません。
page-allowed-first = ときどき容量がいっぱいになるメールボックスなど、一時的な失敗だとわかっているアドレスを下で登録してください。
page-allowed-domain = ドメイン全体
page-allowed-new = アドレスかドメインを登録する
page-allowed-value = アドレスまたはドメイン

## メーリングリスト
page-lists-lead = リストのアドレスに送られたメールは、投稿できる人からのものであれば、参加者全員に届きます。
page-lists-none = リストはまだありません。
page-lists-first = 下で作ってから、参加者を加えてください。
page-list-members = 参加者：{ $count } 人
page-list-new = リストを作る
page-list-make = 作る
page-list-level = 投稿できる人
page-list-level-readonly = リストのアドレスで送信できる人のみ
page-list-level-members = 参加者
page-list-level-everyone = だれでも
page-list-answers = 返信先
page-list-answers-list = リスト
page-list-answers-sender = 差出人
page-list-change = リストの設定を変える
page-list-remove = リストを削除…
page-list-remove-sure = 参加者の登録も消え、このアドレスへのメールは拒否されます。
page-members = 参加者
page-member-find = 名前またはアドレス
page-members-none = 参加者がまだいません。届いたメールはだれにも送られません。
page-members-first = 下で加えてください。
page-members-none-fit = 条件に合う人はいません。
page-member-left = 退会
page-members-add = 参加者を加える
page-members-addresses = アドレス（一行に一つ）

## タグ
page-tags-lead = タグの付いたメールがどうなったかを、この 30 日間の宛先数で示します。
page-tags-none = タグの付いたメールはまだありません。
page-tags-first = プログラムからは、次のパラメーターでタグを付けます：
page-tags-none-fit = 条件に合うタグはありません。
page-tag-messages = このタグの付いたメール
page-tag-numbers = この 30 日間
page-tag-first-seen = 最初：
page-tag-last-seen = 最後：
page-tag-about = このタグの用途
page-tag-remove = タグを忘れる…
page-tag-remove-sure = このタグの付いたメールを次に送ると、また現れます。

## API キー
page-keys-lead = プログラムは HTTP API にキーを示します。一つのドメインのキーはそのドメインの送信だけ、すべてのキーは管理者と同じことができます。
page-keys-none = キーはまだありません。
page-keys-first = 下で作ってください。プログラムが HTTP API で送るときに必要です。
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

## ルート
page-nav-routes = ルート
page-routes-lead = ルートは、届いたメールをどう扱うかを決めます。アドレスへ転送するか、URL へ送るか、保管します。優先度の数が小さいものから順に調べます。
page-routes-none = ルートはありません。届いたメールはここのメールボックスに入るか、拒否されます。
page-routes-first = 下で作ると、届いたメールを別のアドレスや自分のプログラムに送れます。
page-route-new = ルートを作る
page-route-change = ルートを変える
page-route-expression = 対象のメール
page-route-actions = 動作（一行に一つ）
page-route-remove-sure = これから届くメールには適用されません。
page-route-test = ルートを試す
page-route-test-lead = メールまたはヘッダー部を貼り付けると、どのルートがなぜ一致するかを表示します。何も送りません。
page-route-message = メール
page-route-try = 試す
page-route-tried = 宛先：
page-route-some-match = 一致するルートがあります。
page-route-none-match = 一致するルートはありません。
page-route-matched = 一致
page-route-unmatched = 不一致
page-route-unasked = 調べない
page-priority = 優先度
page-description = 説明
page-change = 変更
page-save = 保存

## Webhook
page-nav-webhooks = Webhook
page-webhooks-lead = メールに何かが起きると、署名を付けてこれらの URL に知らせます。正しく応答しない URL には八時間にわたって繰り返し送ります。
page-webhooks-none = 知らせる相手はありません。
page-webhooks-first = 下で URL を登録すると、メールがどうなったかをその URL に知らせます。
page-webhook-set = URL に知らせる
page-webhook-set-lead = この種類のこれまでの設定を置き換えます。複数の URL は空白で区切ります（三つまで）。
page-webhook-kind = 種類
page-event-accepted = 受け付け
page-event-clicked = クリック
page-event-complained = 迷惑メールの報告
page-event-delivered = 配送済み
page-event-opened = 開封
page-event-permanent-fail = 配送失敗
page-event-temporary-fail = 再試行待ち
page-event-unsubscribed = 配信停止
page-calls = 記録
page-calls-none = この三日間、該当する送信はありません。
page-call-waiting = 待機中
page-call-done = 応答あり
page-call-failed = 断念
page-call-forward = ルートが転送したメール
page-call-stored = ルートが保管したメール
page-call-archive = 保管用の写し
page-call-again = もう一度送る
page-call-key = 署名キー
page-call-key-lead = Webhook やルートからの通知を受け取る側は、このキーで、通知がこのサーバーから来たことを確かめます。
page-call-key-show = キーを表示
page-call-key-renew = 新しいキーを作る…
page-call-key-sure = その後の署名は新しいキーでしか確かめられません。すぐに受け取る側へ渡してください。
page-call-key-configured = このキーはサーバーの設定ファイルにあり、変更もそこで行います。
page-done-again = いまもう一度送ります。

## テンプレート
page-nav-templates = テンプレート
page-templates-lead = メールの本文の代わりに、テンプレートとその値を指定できます。
page-templates-none = まだありません。
page-templates-first = 下で書いておくと、プログラムは一通ごとに変わる部分だけを送れば済みます。
page-template-new = テンプレートを作る
page-template-unused = 使用中の版なし
page-template-preview = プレビュー
page-template-values = 値（JSON）
page-template-show = 表示
page-template-versions = 版
page-template-active = 使用中
page-template-shown = 表示中
page-template-change = 変更または版の追加
page-template-tag = 版のタグ（同じタグの版は置き換えます）
page-template-comment = 変更点
page-template-use = この版を使い始める
page-template-remove = テンプレートを削除する…
page-template-remove-sure = すべての版を削除します。このテンプレートを指定したメールは拒否されます。

## ドメイン
page-nav-domains = ドメイン
page-domains-lead = これらのドメインからメールを送り、宛てたメールをここで受け取ります。
page-domains-none = まだありません。
page-domains-first = 下で登録すると、DNS に公開するレコードを表示します。
page-domain-active = 送信できます
page-domain-unverified = 未確認
page-domain-disabled = 停止中
page-domain-configured = 設定ファイル
page-domain-checked = DNS 確認：
page-domain-new = ドメインを追加する
page-domain-verify = いま DNS に問い合わせる
page-domain-unverified-lead = このドメインからはまだ送信できません。下のレコードを DNS に公開してから、確認してください。
page-domain-configured-lead = このサーバーの設定ファイルに書かれたドメインなので、DNS に関係なく送信できます。ただし受信側は DNS を見て判断します。
page-domain-active-lead = このドメインから送信できます。
page-domain-receives-not = このドメイン宛てのメールはここでは受け取りません。
page-domain-remove = ドメインを削除する…
page-domain-remove-sure = 鍵も一緒に削除します。メールと出来事の記録は残ります。
page-records = 公開するレコード
page-records-lead = それぞれをドメインの DNS に写してください。レコードがそろったメールは受信側に信用されます。
page-record-valid = 確認できました
page-record-invalid = 内容が違います
page-record-unknown = 見つかりません
page-record-unasked = 未確認
page-record-instead = DNS の答え：
page-record-for-mail = このドメイン宛てのメールがこのサーバーに届きます。
page-record-for-host = サーバーの名前とアドレスが対応します。
page-record-for-spf = SPF：このサーバーがこのドメインから送信できます。
page-record-for-host-spf = SPF：このサーバーが自分の名前を名乗れます。
page-record-for-key = DKIM：署名に使う鍵です。
page-record-for-bounces = 返送先ホスト宛てのバウンスがこのサーバーに届きます。
page-record-for-bounce-spf = SPF：このサーバーが返送先ホストの名で送信できます。
page-record-for-spare-key = DKIM：署名に使っていない鍵です。
page-record-for-dmarc = DMARC：何も証明できないメールの扱いを受信側に伝えます。
page-record-for-links = メールの中のリンクがこのサーバーにつながります。
page-signing = 署名の鍵
page-signing-lead = 鍵を替えるには、新しい鍵を作り、レコードを公開し、署名に使い始め、数日後に古い鍵を外します。
page-signing-make = 鍵を作る
page-signing-remove-sure = レコードがなくなると、この鍵で署名したメールは検証できなくなります。
page-selector = セレクター
page-key-active = 署名に使用中
page-key-spare = 未使用
page-key-activate = 署名に使う
page-key-deactivate = 署名に使わない
