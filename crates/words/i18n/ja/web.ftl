### 画面の文言。

## 共通
web-skip = 本文へ移動
web-nav = ページ
web-nav-overview = 概要
web-nav-mailboxes = メールボックス
web-nav-queue = キュー
web-copied = コピーしました
web-copy = コピー
web-back-overview = 概要
web-trouble = このページは表示できません
web-trouble-missing = ここには何もありません。アドレスが違うか、対象がすでに消去されています。
web-trouble-store = いま保存領域を読めません。理由はサーバーのログにあります。
web-no-subject = （件名なし）

## 概要
web-title-lab = ラボ
web-title-overview = メール
web-lead-lab = このマシンの中だけで動く小さなインターネットです。DNS、このサーバー、そしてそれぞれ癖のある外部のメールホストがいます。本物のメールが本物の SMTP で行き来し、このマシンの外には何も出ません。
web-map = 地図：左が送信者、中央が DNS に問い合わせるこのサーバー、右が受信ホスト
web-machines = 登場するホストとその振る舞い
web-machine-taken = 受理 { $count }
web-machine-refused = 拒否 { $count }
web-role-site = このサーバー
web-role-dns = DNS
web-role-receiver = 受信
web-role-silent = 応答なし
web-role-sender = 送信
web-story = 物語
web-story-unexpected = 予想と違う結末になったメールがあります。
web-others = そのほかのメール
web-others-none = まだありません。下のコマンドで送ると、ここに現れます。
web-newest = 新着メール
web-newest-none = まだメールは届いていません。
web-own = 通知
web-refusals = 受信時に拒否したメール
web-refusals-lead = このサーバーが受け取らなかったメールです。送信側にはその場のセッションで伝えてあります。
web-strangers = ほかのホストへの接続
web-strangers-lead = このサーバー以外から、ラボのほかのホストへの接続です。
web-try = 試してみる
web-try-lead = コマンドをこのマシンの端末に貼り付けてください。結果は上に現れます。

## 結末
web-fate-delivered = 配送済み
web-fate-delivered-later = 待ってから配送
web-fate-junk = 迷惑メール行き
web-fate-bounced = 返送
web-fate-refused = 拒否
web-fate-under-way = 配送中
web-fate-waiting = 再送待ち
web-fate-held = 保留
web-fate-test = テストモード
web-fate-received = 受信済み
web-as-expected = 予想どおりです。
web-as-expected-short = 予想どおり
web-not-as-expected = 予想と違います。
web-expected = 予想：{ $expected }
web-scene-number = 物語の { $number } 通目

## メール
web-label-subject = 件名
web-label-from = 差出人
web-label-to = 宛先
web-label-id = キュー ID
web-label-size = サイズ
web-label-tags = タグ
web-label-client = 接続元
web-label-envelope = エンベロープ
web-label-when = 日時
web-journey = 配送の経過
web-accepted = 受け付け
web-door-http = HTTP API から、{ $account } が送りました。
web-door-submission = SMTP サブミッションから、{ $account } が送りました。
web-door-reception = ほかのメールサーバー { $ip } から届きました。
web-door-own = このサーバーが出した通知です。
web-attempt = { $number } 回目の試行
web-attempt-local = 宛先のメールボックスはこのサーバーにあるので、ほかのホストには接続していません。
web-way-mx = どのホストがそのドメインのメールを受けるかは MX レコードが示します。数字の小さいホストから順に試します（RFC 5321 section 5.1）。
web-way-implicit-mx = ドメインに MX レコードがないので、ドメイン自身のアドレスを使います（RFC 5321 section 5.1）。
web-way-literal = 宛先がホストを IP アドレスで指定しています。
web-way-smarthost = 設定により、スマートホストを経由します。
web-host-preference = 優先度 { $preference }
web-host-duration = { $milliseconds } ミリ秒
web-host-not-connected = 接続できませんでした。
web-host-reused = 前のメールで開いた接続をそのまま使いました。
web-host-fallback = 直前に TLS ハンドシェイクが失敗したので、ここでは TLS なしで試しました。
web-tls-none = 暗号化なし
web-tls-trusted = 証明書はこのホストの名前を持ち、信頼できるルートが保証しています。
web-tls-untrusted = 暗号化されていますが、相手が誰であるかは証明されていません。
web-certificate = 証明書
web-certificate-subject = 主体
web-certificate-names = 名前
web-certificate-issuer = 発行者
web-certificate-valid = 有効期間
web-transcript = やり取り
web-transcript-receiver = 受信側に残ったやり取りの記録
web-result-delivered = 受理
web-result-possibly-delivered = 不明
web-result-not-now = 一時拒否
web-result-failed = 失敗
web-result-refused = 拒否
web-next-attempt = 次の試行
web-expires = 期限
web-notification = 送信者への通知
web-notification-lead = 配送状況通知（RFC 3464）をリバースパスへ送りました。
web-about = これは別のメールについての通知です。そのメールの配送の経過を見る
web-visits-other = 受信ホストの側

## 受信側から見たもの
web-title-visit = { $host } への接続
web-visit-side = 受信側から見たもの
web-visit-taken = 受理
web-visit-junk = 迷惑メールとして受理
web-visit-later = 一時拒否（後で再試行）
web-visit-refused = 拒否
web-title-refusal = 受信時に拒否

## 判定
web-verdicts = 判定
web-method-iprev = 逆引き DNS
web-method-spf = SPF
web-method-spf-helo = SPF（HELO）
web-method-dkim = DKIM
web-method-arc = ARC
web-method-dmarc = DMARC
web-meaning-iprev = アドレスに名前があり、その名前が同じアドレスを指しているか（RFC 8601 section 3）
web-meaning-spf = このアドレスはエンベロープのドメインとして送ってよいか（RFC 7208）
web-meaning-spf-helo = このアドレスはこの名前を名乗ってよいか（RFC 7208）
web-meaning-dkim = メールはドメインが署名したとおりのものか（RFC 6376）
web-meaning-arc = メッセージを中継した者たちの封印の鎖が切れていないか（RFC 8617）
web-meaning-dmarc = SPF か DKIM が From フィールドのドメインを裏付けるか（RFC 9989）
web-fact-selector = セレクター
web-fact-algorithm = アルゴリズム
web-fact-explanation = ドメイン自身の説明
web-fact-policy = ポリシー
web-fact-disposition = 求められた扱い
web-fact-aligned = 整合
web-aligned-none = どちらもなし
web-steps = 手順
web-step-decides = 決め手

## 内容
web-content = 内容
web-text = メールの本文
web-no-text = プレーンテキストの本文はありません。
web-attachments = 添付ファイル
web-fields = ヘッダーフィールド（デコード済み）
web-source = ソース
web-source-cut = 先頭の部分だけを表示しています。
web-source-save = ソースをファイルに保存
web-source-gone = 内容はもう保存されていません。
web-html-title = HTML としてのメール
web-html-lead = 何も実行できず、何も読み込めない枠の中に表示しています。
web-to-journey = このメールがここへ届くまで

## メールボックスとキュー
web-mailboxes-none = このサーバーにはメールボックスを持つ人がいません。
web-mailbox-empty = 空です。
web-queue-lead = まだ配送を待っている宛先です。次に試すものから順に並んでいます。
web-queue-empty = 待っている宛先はありません。すべて配送されたか、返送されました。
web-queue-more = このほかにもあります。
web-attempts = 試行：{ $count } 回

## 応答の意味
web-status-class-2 = ホストが受け取りました。
web-status-class-4 = いまのところの拒否です。後で試せば通ることがあります。
web-status-class-5 = 最終的な拒否です。もう一度試しても同じ結果になります。
web-status-subject-1 = アドレスに問題があります。
web-status-subject-2 = メールボックスに問題があります。
web-status-subject-3 = 受信側のシステムに問題があります。
web-status-subject-4 = ネットワークか経路に問題があります。
web-status-subject-5 = SMTP のやり取りに問題があります。
web-status-subject-6 = 内容に問題があります。
web-status-subject-7 = ポリシーまたはセキュリティ上の理由です。
web-status-1-1 = そのメールボックスは存在しません。
web-status-1-2 = このホストはそのドメインのメールを受けません。
web-status-1-3 = 宛先アドレスの形が正しくありません。
web-status-1-8 = 送信者のアドレスが正しくありません。
web-status-1-10 = そのドメインはメールを一切受けません（null MX）。
web-status-2-1 = メールボックスはありますが、何も受け取りません。
web-status-2-2 = メールボックスがいっぱいです。
web-status-2-3 = メールがメールボックスの上限より大きすぎます。
web-status-3-4 = メールがホストの上限より大きすぎます。
web-status-4-1 = ホストが応答しませんでした。
web-status-4-2 = 接続が切れました。
web-status-4-4 = そのドメインへ届く経路がありません。
web-status-4-6 = メールが同じところを回り続けています。
web-status-4-7 = 配送に許された時間を過ぎました。
web-status-7-1 = ホストのポリシーがこのメールを通しません。理由は応答の文にあります。
web-status-7-20 = 有効な DKIM 署名がありません。
web-status-7-23 = SPF に合格しませんでした。Gmail はこの番号を、送信元アドレスに正しい逆引きがない場合に使います。
web-status-7-24 = SPF を評価できませんでした。Gmail はこの番号を、SPF レコードが広すぎるアドレスを許す場合に使います。
web-status-7-25 = 送信元アドレスに、正引きで一致する逆引きの名前がありません。
web-status-7-26 = 送信者が認証されていません。SPF も DKIM も差出人を裏付けません。
web-status-7-27 = 送信者のドメイン自身がメールを受けません（null MX）。Gmail はこの番号を、SPF に合格しなかった場合に使います。
web-status-7-29 = メールが TLS で届きませんでした（Gmail での意味です。ほかでは ARC の連鎖が壊れていることを指します）。
