### キューの言葉

queue-no-result = この宛先がどうなったかを示さないまま、配信の試行が終わりました。あとで再送します。
queue-intake-no-recipients = メッセージに宛先がないため、送る相手がいません。
queue-intake-too-many-recipients = メッセージの宛先は { $count } 件ですが、1 通で受け付けるのは { $limit } 件までです。何通かに分けてください。
queue-intake-too-large = メッセージの大きさは { $size } オクテットですが、受け付けるのは { $limit } オクテットまでです。添付ファイルは符号化により元のファイルより約 3 分の 1 大きくなります。
queue-intake-bad-header = ヘッダー部を受け付けられません: { $why }。このままでは、受信側が作成者を判断できません。
queue-intake-no-author = メッセージに From フィールドがありません。メッセージには必ず作成者の記載が必要です (RFC 5322 section 3.6)。
queue-intake-author-not-permitted = アカウント { $account } は { $author } として送信できません。このアドレスをアカウントの送信元アドレスに追加するか、別の From フィールドを使ってください。
queue-intake-no-such-mailbox = { $address } のドメインはこのサーバーのものですが、このメールボックスはありません。どの宛先にも送信していません。
queue-intake-too-late = 配信日時として { $moment } が指定されましたが、このサーバーがメッセージを保管する期間より先です。
queue-intake-signing = メッセージに DKIM 署名を付けられませんでした: { $why }。署名のないメールはドメインの評判を損なうため、受け付けませんでした。
queue-intake-store = メッセージを保存できませんでした: { $why }。何も受け付けていませんので、しばらくしてからもう一度送信してください。
queue-intake-loop = メッセージはすでに { $hops } 台のホストを経由しており、配信がループしています。互いに転送し合っているホストがないか確認してください。
queue-no-mailbox-here = ドメインはこのサーバーのものですが、このアドレスを持つ利用者はいません。
