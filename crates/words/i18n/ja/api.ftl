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
