## Pages for people who got mail from us.

api-farewell-title = 配信停止
api-farewell-button = 配信を停止する
api-farewell-ask-everything = { $domain } から { $recipient } へのメールをすべて停止します。よろしければボタンを押してください。
api-farewell-ask-tags = { $domain } から { $recipient } への「{ $tags }」に関するメールを停止します。そのほかのメールは引き続き届きます。よろしければボタンを押してください。
api-farewell-done-title = 配信を停止しました
api-farewell-done-everything = { $domain } から { $recipient } へのメールは今後送信されません。すでに送信されたものは届くことがあります。このページは閉じてかまいません。
api-farewell-done-tags = { $domain } から { $recipient } への「{ $tags }」に関するメールは今後送信されません。すでに送信されたものは届くことがあります。このページは閉じてかまいません。
api-farewell-invalid-title = リンクが正しくありません
api-farewell-invalid = 長いリンクは、メールソフトによって途中で切れてしまうことがあります。メールの中のリンクをもう一度開くか、リンク全体をコピーしてブラウザーのアドレス欄に貼り付けてください。
api-farewell-trouble-title = 処理できませんでした
api-farewell-trouble = ただいま手続きを記録できませんでした。状態は何も変わっていません。数分後にもう一度お試しください。

## 対応が必要なこと
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
api-attention-complaints = この一日に { $provider } の読者 { $count } 人が迷惑メールとして報告しました。0.3 % を超えると Gmail や Yahoo では迷惑メールに振り分けられます。
api-attention-complaints-fix = どのメールかを確かめ、配信停止を簡単にしてください。報告した人にはもう送られません。
api-attention-unverified = { $domain } はまだ送信できません。DNS にレコードがないか、そのあと確認していません。
api-attention-unverified-fix = レコードを公開してから、確認してください。
