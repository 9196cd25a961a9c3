## Pages for people who got mail from us.

api-farewell-title = 配信停止
api-farewell-button = 配信を停止する
api-farewell-ask-everything = { $domain } から { $recipient } へのメールをすべて停止します。よろしければボタンを押してください。
api-farewell-ask-list = メーリングリスト { $list } から { $recipient } への配信を停止します。{ $domain } からのそのほかのメールは引き続き届きます。よろしければボタンを押してください。
api-farewell-ask-tags = { $domain } から { $recipient } への「{ $tags }」に関するメールを停止します。そのほかのメールは引き続き届きます。よろしければボタンを押してください。
api-farewell-done-title = 配信を停止しました
api-farewell-done-everything = { $domain } から { $recipient } へのメールは今後送信されません。すでに送信されたものは届くことがあります。このページは閉じてかまいません。
api-farewell-done-tags = { $domain } から { $recipient } への「{ $tags }」に関するメールは今後送信されません。すでに送信されたものは届くことがあります。このページは閉じてかまいません。
api-farewell-done-list = メーリングリスト { $list } から { $recipient } への配信を停止しました。すでに送信されたものは届くことがあります。このページは閉じてかまいません。
api-farewell-invalid-title = リンクが正しくありません
api-farewell-invalid = 長いリンクは、メールソフトによって途中で切れてしまうことがあります。メールの中のリンクをもう一度開くか、リンク全体をコピーしてブラウザーのアドレス欄に貼り付けてください。
api-farewell-trouble-title = 処理できませんでした
api-farewell-trouble = ただいま手続きを記録できませんでした。状態は何も変わっていません。数分後にもう一度お試しください。

## 対応が必要なこと
api-provider-other = その他
api-attention-paused = 配送を止めています。メールは受け付けますが、何も送り出しません。
api-attention-paused-fix = 設定の [delivery] で `paused = false` とし、`tegami reload` で読み直してください。
api-attention-backed-off = { $provider } から送信を抑えるよう求められ、{ $waiting } 件の宛先が待っています：{ $reply }
api-attention-backed-off-fix = はじめはゆっくり、自動で再開します。繰り返すようなら、一度に送る量を減らし、読みたい人だけに送ってください。
api-attention-held = { $provider } 宛ての { $count } 件が保留中で、だれかが解除するまで送られません。
api-attention-held-fix = 保留した理由を確かめ、解除するか取り消してください。
api-attention-rules = メールを保留する規則が { $count } 件あります。対象のメールは待ち続け、期限が来ると送信をあきらめます。
api-attention-rules-fix = 理由がなくなったら解除してください。
api-attention-failing = この一日に { $provider } 宛ての { $finished } 件のうち { $share } % が届きませんでした。失敗が多いと、リストの質が悪い送信者と見なされます。
api-attention-failing-fix = いくつかのメールで相手の返答を確かめ、存在しないアドレスをリストから外してください。
api-attention-complaints = この一日に読者 { $count } 人が迷惑メールとして報告しました。0.3 % を超えると Gmail や Yahoo では迷惑メールに振り分けられます。
api-attention-complaints-fix = どのメールかを確かめ、配信停止を簡単にしてください。報告した人にはもう送られません。
api-attention-calls = { $url } への送信をあきらめました：{ $said }
api-attention-calls-fix = URL が応答することを確かめ、あきらめた分をもう一度送ってください。
api-attention-unverified = { $domain } はまだ送信できません。DNS にレコードがないか、そのあと確認していません。
api-attention-unverified-fix = レコードを公開してから、確認してください。
## Contact forms.

api-form-missing-title = フォームが見つかりません
api-form-missing = このアドレスのフォームはありません。ウェブサイトのフォームからもう一度お試しいただくか、サイトの管理者にお知らせください。
api-form-blank-title = お問い合わせ
api-form-blank-lead = 内容はこのサイトの担当者に送られます。返信はご記入のメールアドレスに届きます。
api-form-blank-button = 送信する
api-form-name = お名前
api-form-email = メールアドレス
api-form-message = お問い合わせ内容
api-form-trap = この欄には何も入力しないでください
api-form-confirm-title = 入力内容の確認
api-form-confirm-lead = まだ送信されていません。内容をご確認のうえ、送信してください。
api-form-confirm-button = 送信する
api-form-back = 修正する場合は、ブラウザーの「戻る」で前のページに戻ってください。
api-form-thanks-title = ありがとうございました
api-form-thanks = メッセージを送信しました。
api-form-trouble-title = 送信できませんでした
api-form-foreign = このフォームの送信を許可されていないページから送られたか、送信元のページをブラウザーが通知していません。ウェブサイトのフォームから送信してください。
api-form-large = 内容が長すぎます。短くしてください。このフォームではファイルは送れません。
api-form-unreadable = ブラウザーから送られた内容を読み取れませんでした。前のページに戻って、もう一度お試しください。
api-form-file = このフォームではファイルは送れません。前のページに戻り、ファイルを外して送信してください。
api-form-lines = 1 行の欄に改行または制御文字が含まれています。前のページに戻って、入力し直してください。
api-form-incomplete = 入力されていないか、正しくない項目があります。前のページに戻って修正してください。
api-form-required = 「{ $field }」を入力してください。
api-form-bad-address = メールアドレスが正しくないようです。返信先になりますので、ご確認ください。
api-form-empty = 何も入力されていません。
api-form-stamp = 送信が早すぎたか、フォームを開いてから時間がたちすぎたか、確認用の値がありませんでした。「hidden」の新しい値を付けて、もう一度送信してください。
api-form-rate = お使いのネットワークから、この 1 時間に多くのメッセージが送信されています。{ $minutes } 分後にもう一度お試しください。
api-form-unavailable = ただいま送信できませんでした。数分後にもう一度お試しください。前のページに戻ると、入力した内容が残っています。
