# 診断：大量送信。
bulk-not = 大量送信のメールではありません。フィールドにも送信者の申告にも、その旨がありません。
bulk-no-numbers = このドメインについて、こちらの記録にある数値がありません。

check-bulk-status = どこへどれだけ送っているか
check-bulk-status-about = 大手プロバイダーごとに、24 時間の最大送信数をサブドメインも合わせて示します。Gmail に一度でも 1 日およそ 5,000 通を送ると、以後ずっと大量送信者として扱われます。
bulk-status = { $provider } への送信は、1 日最大 { $count } 通です。
bulk-status-near = { $provider } へ 1 日最大 { $count } 通を送っています。およそ 5,000 通で大量送信者の規則が適用され、元には戻りません。
bulk-status-bulk = { $provider } へ 1 日最大 { $count } 通を送っています。今後は大量送信者として扱ってください。
bulk-status-told = このドメインは 1 日に数千通を送ると申告されています。

check-bulk-unsub-header = ワンクリックで登録解除できる
check-bulk-unsub-header-about = 広告やメーリングリストには、山括弧に入った https の URL の List-Unsubscribe と、List-Unsubscribe-Post: List-Unsubscribe=One-Click が必要です。ないからといって Gmail と Yahoo は拒否しませんが、迷惑メールに入れられたときの救済がなくなります。
bulk-unsub-header = ワンクリックで登録解除できます。
bulk-unsub-header-none = List-Unsubscribe がありません。Gmail と Yahoo は大量送信者にこれを求め、ないと「迷惑メール」が押されます。
bulk-unsub-header-post-wrong = List-Unsubscribe-Post が「List-Unsubscribe=One-Click」と完全に一致しないため、無効です。
bulk-unsub-header-no-post = List-Unsubscribe-Post がありません。リンク先はページになり、Gmail が求めるワンクリックになりません。
bulk-unsub-header-mail = List-Unsubscribe にメールアドレスしかありません。Yahoo は認めますが、Gmail は認めません。
bulk-unsub-header-http = List-Unsubscribe に https の URL がありません。
bulk-unsub-header-brackets = List-Unsubscribe に、山括弧に入った URL がありません。
bulk-unsub-header-fix = 受信者ごとに異なる URL の List-Unsubscribe: <https://…> と、List-Unsubscribe-Post: List-Unsubscribe=One-Click の両方を付けてください。

check-bulk-unsub-endpoint = 登録解除が機能する
check-bulk-unsub-endpoint-about = メールプロバイダーと同じ POST を、テスト用のトークンで自分のサーバーにだけ、または運用者の求めに応じて送ります。リダイレクト、Cookie、パスワードなしで 2xx を返す必要があり、リンクをたどる検査があるため GET で解除してはいけません。
bulk-unsub-endpoint = POST に { $status } の応答がありました。
bulk-unsub-endpoint-none = ワンクリックの登録解除先がありません。
bulk-unsub-endpoint-off = 試していません。POST すると受信者が登録解除されるためです。運用者が求めることはできます。
bulk-unsub-endpoint-dead = 登録解除先に接続できません：{ $reason }。
bulk-unsub-endpoint-redirect = 登録解除先がリダイレクト（{ $status }）を返します。メールプロバイダーはたどりません。
bulk-unsub-endpoint-status = 登録解除先が { $status } を返します。
bulk-unsub-endpoint-get = GET だけで登録解除されます。リンクをたどる検査によって、受信者が勝手に解除されてしまいます。
bulk-unsub-endpoint-fix = List-Unsubscribe=One-Click の POST を受けたらすぐ 200 を返し、GET にはボタンのあるページを表示してください。

check-bulk-unsub-signed = 登録解除のフィールドが署名されている
check-bulk-unsub-signed-about = Gmail と Yahoo は、合格した DKIM 署名が List-Unsubscribe と List-Unsubscribe-Post の両方を含むときだけ、これを信じます。
bulk-unsub-signed = 合格した署名が両方のフィールドを含んでいます。
bulk-unsub-unsigned = 合格した署名で、両方のフィールドを含むものがありません。
bulk-unsub-signed-fix = 署名するフィールドに list-unsubscribe と list-unsubscribe-post を加えてください。

check-bulk-unsub-latency = 登録解除した人にはもう届かない
check-bulk-unsub-latency-about = Gmail と Yahoo は、登録解除を 2 日以内に反映するよう求めています。
bulk-unsub-latency = 反映にかかった時間は最長 { $hours } 時間です。
bulk-unsub-latency-long = 登録解除から { $hours } 時間たってもメールが届いた人がいます。許されるのは 2 日までです。
bulk-unsub-latency-fix = 配信の準備のときではなく、1 通ごとに送信の直前で配信停止を確認してください。

check-bulk-list-id = リストに名前がある
check-bulk-list-id-about = List-Id はリストの名前を示し、人やソフトがメールを振り分けられるようにします。
bulk-list-id = 正しい List-Id があります。
bulk-list-id-none = List-Id がありません。あれば、送信者を知らなくても振り分けられます。
bulk-list-id-malformed = List-Id の { $value } は <名前.ドメイン> の形ではありません。

check-bulk-feedback-id = 苦情を区別できる
check-bulk-feedback-id-about = Gmail は、署名された Feedback-ID の各部（自由な 3 つと、5～15 文字の送信者）ごとに苦情を数えます。
bulk-feedback-id = 署名された Feedback-ID があります。
bulk-feedback-id-none = Feedback-ID がありません。あれば、Gmail の Postmaster Tools で配信ごとの苦情が分かります。
bulk-feedback-id-malformed = Feedback-ID の { $value } は、送信者が 5～15 文字の a:b:c:送信者 の形ではありません。
bulk-feedback-id-unsigned = Feedback-ID が署名されていないため、Gmail は無視します。

check-bulk-mixed-streams = 広告と取引のメールが分かれている
check-bulk-mixed-streams-about = 広告への苦情は、作成者やアドレスを共有する注文確認、パスワード、領収書などのメールの評判も下げます。
bulk-mixed-streams-none = 広告と取引のメールは、別の作成者やアドレスから送られています。
bulk-mixed-streams = 広告と取引のメールが作成者とアドレスを共有しており、一方への苦情が他方に響きます。

check-bulk-complaint-rate = 苦情が少ない
check-bulk-complaint-rate-about = 受信トレイに届いたメールのうち苦情になった割合を、フィードバックループや Postmaster Tools から見ます。Gmail は 0.10% 未満を求め、0.30% で救済をやめます。
bulk-complaint-rate = 苦情になったメールは { $percent }% です。
bulk-complaint-rate-near = 苦情になったメールが { $percent }% あります。Gmail が求めるのは 0.10% 未満です。
bulk-complaint-rate-high = 苦情になったメールが { $percent }% あります。0.30% になると Gmail と Yahoo は拒否を始めます。
bulk-complaint-rate-fix = 希望した人だけに送り、開かない人に送るのをやめ、登録解除を簡単にしてください。

check-bulk-bounce-rate = 宛先不明が少ない
check-bulk-bounce-rate-about = 恒久的に拒否されたメールの割合を、こちらの記録から見ます。2% を超えると知らせ、5% を超えると問題です。Outlook はそのような宛先への再送を禁じています。
bulk-bounce-rate = 恒久的に拒否されたメールは { $percent }% です。
bulk-bounce-rate-high = 恒久的に拒否されたメールが { $percent }% あります。リストが古いか、許可を得ていません。
bulk-bounce-rate-retried = 恒久的に拒否された宛先へ { $count } 通が再送されました。Outlook はこれを禁じています。
bulk-bounce-rate-fix = 恒久的に拒否された宛先は、すぐにリストから外してください。

check-bulk-rate = 受信側が耐えられる速さである
check-bulk-rate-about = 減速を求める応答（Gmail の 421 4.7.28、Yahoo の TSS04、Outlook の RP-001）には、10 分以上の休止と、その後 1 接続からの再開が必要です。
bulk-rate = 減速を求められていません。
bulk-rate-heeded = 減速を求める応答が { $count } 件あり、従っています。
bulk-rate-ignored = 減速を求める応答が { $count } 件あり、そのうち { $ignored } 件の後に休止していません。
bulk-rate-fix = このような応答の後は 10 分休み、1 接続で再開し、順調な間だけ 1 つずつ増やしてください。
