hook-new = まだ一度も送信していません。
hook-done = 受信側の応答は { $status } でした。通知は届いています。
hook-again = 受信側の応答が 200 ではなく { $status } でした。{ $due } にもう一度送信します。
hook-again-unanswered = 応答がありませんでした ({ $said })。{ $due } にもう一度送信します。
hook-refused = 受信側の応答は 406 でした。今後も受け取らないという意味なので、手動で再送しない限り送信しません。
hook-given-up = { $attempts } 回送信しましたが、最後の応答は 200 ではなく { $status } でした。手動で再送しない限り、これ以上は送信しません。
hook-given-up-unanswered = 応答がありませんでした ({ $said })。{ $attempts } 回試したので、手動で再送しない限り、これ以上は送信しません。
