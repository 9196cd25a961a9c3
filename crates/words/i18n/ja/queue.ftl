### キューに関する文。

queue-no-result = この宛先がどうなったかを示さないまま、配送の試行が終わりました。
queue-intake-no-recipients = メールに宛先がないため、送る相手がいません。
queue-intake-too-many-recipients = メールの宛先は { $count } 件ですが、一通で受け付けるのは { $limit } 件までです。何通かに分けてください。
queue-intake-too-large = メールのサイズは { $size } バイトですが、受け付けるのは { $limit } バイトまでです。添付ファイルは符号化により元のファイルより約 3 分の 1 大きくなります。
queue-intake-bad-header = ヘッダー部を受け付けられません：{ $why }。このままでは、受信側が差出人を判断できません。
queue-intake-no-author = メールに From フィールドがありません。メールには必ず差出人の記載が必要です（RFC 5322 section 3.6）。
queue-intake-author-not-permitted = アカウント { $account } は { $author } として送信できません。このアドレスをアカウントの送信元アドレスに追加するか、別の From フィールドを使ってください。
queue-intake-no-such-mailbox = { $address } のドメインはこのサーバーのものですが、このメールボックスはありません。どの宛先にも送信していません。
queue-intake-too-late = 配送日時として { $moment } が指定されましたが、このサーバーがメールを保管する期間より先です。
queue-intake-signing = メールに DKIM 署名を付けられませんでした：{ $why }。署名のないメールはドメインの評判を損なうため、受け付けませんでした。
queue-intake-store = メールを保存できませんでした：{ $why }。何も受け付けていませんので、しばらくしてからもう一度送信してください。
queue-intake-loop = メールはすでに { $hops } 台のホストを経由しており、配送がループしています。互いに転送し合っているホストがないか確認してください。
queue-no-mailbox-here = ドメインはこのサーバーのものですが、このアドレスを持つユーザーはいません。
queue-wait-backed-off = { $place } がこれ以上は受け取れないと答えました({ $host } の応答: 「{ $reply }」)。{ $until } までは送らず、その後もしばらくは速度を落とします。
queue-wait-rate-minute = { $place } へは、ひとつのアドレスから 1 分に { $limit } 通までしか送りません。次の 1 通は { $until } に送ります。
queue-wait-rate-hour = { $place } へは、ひとつのアドレスから 1 時間に { $limit } 通までしか送りません。次の 1 通は { $until } に送ります。
queue-wait-connections = { $place } へは、ひとつのアドレスから同時に { $limit } 本までしか接続しません。どれかが空きしだい送ります。
queue-wait-warm-up = 送信元 { $source } は慣らし運転中です。今日(計画の { $day } 日目)に { $place } へ送れる { $allowance } 通はすでに送りました。次の日は { $until } に始まります。
queue-held-by-rule = 常設の保留ルール { $rule }（{ $since } に { $by } が設定）により待機しています: { $reason }。ルールを解除すると配送が続きます: tegami queue release --rule { $rule }
queue-dsn-passes = 応答コードは恒久的な失敗を示していますが、実際には一時的なものだとわかっています。
queue-suppressed-bounces = 以前のメールが宛先不明で戻ってきたアドレスのため、送信しませんでした。
queue-suppressed-bounces-advice = アドレスがふたたび使えるようになったときは、このサーバーの管理者に配信停止リストからの削除（tegami suppression remove）を依頼してください。
queue-suppressed-unsubscribes = 受信者が配信停止を申し込んだアドレスのため、送信しませんでした。
queue-suppressed-unsubscribes-advice = 本人から改めて希望があるまで、このアドレスには送信しないでください。
queue-suppressed-complaints = 受信者が以前のメールを迷惑メールとして報告したアドレスのため、送信しませんでした。
queue-suppressed-complaints-advice = このドメインからこのアドレスへは、今後送信しないでください。
