# 診断：受信側から見た 1 通のメッセージ。
msg-open = DNS が応答しなかったため、{ $method } は判定できませんでした。ここからは何も言えません。後でもう一度お試しください。
msg-mail-from-untold = メッセージのリターンパスが分からないため、何も言えません。
preflight-relayed = メッセージは { $relay } を経由して出ていきます。受信側に見えるのはそのホストのアドレスで、ここでは分からないため、アドレスに関わる項目は調べられません。
preflight-somewhere = メッセージはこのマシンが選ぶアドレスから出ていき、{ $hostname } にはアドレスがありません。アドレスに関わる項目は調べられません。delivery.sources にアドレスを書いてください。
preflight-rehearsal = メッセージは調べただけで、送信していません。
msg-no-author = メッセージに、調べられる作成者が書かれていません。
msg-dkim-none = メッセージに、調べられる DKIM 署名がありません。
msg-dkim-none-passes = 合格した DKIM 署名がないか、作成者がありません。

check-msg-spf = 送信したアドレスを SPF が許可している
check-msg-spf-about = 受信側と同じように、リターンパスのドメインの SPF レコードを接続元アドレスについて評価します。Gmail と Yahoo はすべてのメールに SPF か DKIM の合格を求め、大量送信者には両方を求めます。
msg-spf = { $domain } は { $ip } からの送信を許可しています。
msg-spf-fail = { $domain } は { $ip } からの送信を禁止しています。多くの受信側がこれだけでメッセージを拒否します。
msg-spf-softfail = { $domain } は { $ip } を送信元に含めていません。受信側は、誰が送ったか分からないメッセージとして扱います。
msg-spf-neutral = { $domain } は { $ip } について何も述べていません。受信側にとっては SPF がないのと同じです。
msg-spf-none = { $domain } は SPF レコードを公開していないため、このアドレスから送信してよいのか分かりません。
msg-spf-permerror = { $domain } の SPF レコードには誤りがあり、受信側は全体を使えません。どの誤りかはドメインの診断で分かります。
msg-spf-fix = { $ip } が { $domain } のメールを送るのであれば、SPF レコードに加えてください。

check-msg-dkim = DKIM 署名が合格している
check-msg-dkim-about = 現在公開されている鍵で、メッセージのすべての DKIM 署名を検証します。合格した署名は、転送された後でも、誰がこのメッセージを保証しているかを証明します。
msg-dkim = { $count } 件の署名のうち { $passed } 件が合格しました。
msg-dkim-fail = { $count } 件の署名のうち、合格したものはありません。受信側にとっては署名がないのと同じです。
msg-dkim-ed25519 = 合格したのは Ed25519 の署名だけです。大手を含む多くの受信側は Ed25519 を検証しないため（RFC 8463）、それらにとっては署名がないのと同じです。
msg-dkim-ed25519-fix = RSA の鍵でも署名し、その鍵を公開してください。
msg-dkim-own-fix = このサーバーが署名に使う鍵の公開鍵が、{ $keys } で公開されているものと一致しません。署名に使っている鍵のレコードを公開してください。

check-msg-dmarc = 作成者のドメインについて DMARC が合格している
check-msg-dmarc-about = SPF や DKIM が証明したものが From フィールドのドメインに属するか、属さない場合にそのドメインが何を求めているかを調べます。大手の受信側は大量送信者に DMARC レコードを求め、p=reject に従います。
msg-dmarc = 合格したものは { $domain } に属しています。
msg-dmarc-none = { $domain } は DMARC ポリシーを公開していません。Gmail、Outlook、Yahoo は大量に送る人すべてにこれを求めており、ないままでは誰でもこの名前を名乗れます。
msg-dmarc-none-fix = { $domain } に DMARC レコードを公開してください。p=none ならまだ何も変わらず、レポートが届くようになります。
msg-dmarc-fail = 合格したもののうち { $domain } に属するものがありません。このようなメッセージに対するポリシー：{ $policy }。
msg-dmarc-fail-fix = { $domain } の DKIM 署名を付ける（d= を同じドメインかその下にする）か、そのドメインに属し SPF に合格するリターンパスを使ってください。
msg-dmarc-permerror = メッセージの作成者を疑いなく読み取れないため、DMARC は不合格です。

check-msg-both-pass = SPF と DKIM の両方が合格している
check-msg-both-pass-about = Outlook.com と Gmail は、1 日におよそ 5,000 通を超えて送る送信者に SPF と DKIM の両方の合格を求めます。それより少なければ、どちらか一方で足ります。
msg-both-pass = SPF と DKIM が合格しています。
msg-both-pass-one = { $missing } が合格していません。Outlook と Gmail は大量送信者に両方を求めます。
msg-both-pass-small = { $missing } が合格していません。少量の送信者ならこれで足りますが、1 日に数千通を送るなら両方が必要です。

check-msg-aligned = 合格したものが作成者のドメインに属している
check-msg-aligned-about = SPF のドメインと合格した DKIM 署名のドメインを、From フィールドのドメインと比べます。大手の受信側が求めるのは一方の一致ですが、両方が一致していれば、途中で一方が壊れても合格します。
msg-aligned = SPF と DKIM の両方が { $domain } について合格しています。
msg-aligned-one = { $domain } について合格しているのは { $method } です。もう一方はこのドメインに属していません。今はこれで足りますが、SPF は転送されると壊れます。
msg-aligned-none = SPF も DKIM も、作成者として表示される { $domain } については合格していません。

check-msg-dkim-present = メッセージに署名がある
check-msg-dkim-present-about = DKIM-Signature フィールドを数え、誰がどのセレクターとアルゴリズムでいつ署名したかを示します。
msg-dkim-present = 署名が { $count } 件あります。
msg-dkim-present-many = 署名が { $count } 件あります。1～2 件で十分で、最初の数件しか調べない受信側もあります。
msg-dkim-present-none = DKIM 署名がありません。Gmail、Outlook、Yahoo は大量送信者に署名を求め、転送された後に作成者を証明するものはほかにありません。
msg-dkim-present-fix = 送信サーバーで、From フィールドのドメインの DKIM 署名を付けてください。

check-msg-dkim-h-from = すべての署名が From を含む
check-msg-dkim-h-from-about = それぞれの署名の h= に from があるかを調べます。from のない署名は作成者について何も証明せず、検証側は無効として扱わなければなりません。
msg-dkim-h-from = すべての署名が From フィールドを含んでいます。
msg-dkim-h-from-missing = { $count } 件の署名が From フィールドを含んでいません。検証側は無効として扱わなければなりません。
msg-dkim-h-from-fix = 署名するフィールドに from を加えてください。

check-msg-dkim-coverage = 意味のあるフィールドが署名されている
check-msg-dkim-coverage-about = 最もよい署名でも署名されていないフィールドを調べます。作成者、宛先、件名、日付、構造、返信先のほか、RFC 8058 が署名を求める登録解除のフィールドが対象です。署名されていないものは、署名が合格したまま途中で書き換えられます。
msg-dkim-coverage = 意味のあるフィールドはすべて署名されています。
msg-dkim-coverage-open = 署名されていないフィールド：{ $fields }。途中で書き換えたり加えたりしても、署名は合格したままです。
msg-dkim-coverage-unsubscribe = 署名されていないフィールド：{ $fields }。Gmail と Yahoo がワンクリックの登録解除を表示するのは、これらが DKIM 署名に含まれるときだけです。
msg-dkim-coverage-fix = 署名するフィールドにこれらを加えてください。

check-msg-dkim-oversign = 署名の後からフィールドを加えられない
check-msg-dkim-oversign-about = h= にメッセージ中の数より 1 つ多く名前があると、その名前のフィールドを後から加えられなくなります。そうでないと、再送する人が 2 つ目の Subject や Reply-To を先頭に置けます。
msg-dkim-oversign = 人に見えるフィールドは、実際の数より 1 つ多く署名されています。
msg-dkim-oversign-open = 次のフィールドは署名を壊さずに加えられます：{ $fields }。実際の数より 1 つ多く署名すると防げます。

check-msg-dkim-l = 署名が本文全体を含む
check-msg-dkim-l-about = l= があると、署名は本文の先頭だけを対象にします。再送する人は、元の文面を覆い隠す HTML を含めて何でも末尾に加えられ、署名は合格したままです。
msg-dkim-l = 本文の一部だけを対象にした署名はありません。
msg-dkim-l-present = 署名の対象が、本文 { $total } オクテットのうち { $length } オクテットだけです（l=）。作成者の名で何でも末尾に加えられます。
msg-dkim-l-fix = 署名側で本文の長さのタグ（l=）を使わないようにしてください。

check-msg-dkim-canon = 署名が中継に耐える
check-msg-dkim-canon-about = c= を調べます。ヘッダー部が simple の場合、中継サーバーが行を折り返し直しただけで署名が壊れます。relaxed/relaxed なら壊れません。
msg-dkim-canon = ヘッダー部は relaxed で署名されています。
msg-dkim-canon-simple = ヘッダー部を simple で正規化した署名があり、中継サーバーがフィールドを折り返し直すと壊れます。relaxed/relaxed のほうが適しています。

check-msg-dkim-time = 署名の時刻が正しい
check-msg-dkim-time-about = t= が未来でないか、x= が過ぎていないか、キューで待つと間に合わないほど短くないかを調べます。大量送信では期限の有無も見ます。期限のない署名はいつまでも再送に使えます。
msg-dkim-time = 署名の時刻に問題はありません。
msg-dkim-time-future = 署名時刻が { $seconds } 秒先になっています。どこかの時計がずれています。
msg-dkim-time-expired = 署名の期限は { $seconds } 秒前に切れています。
msg-dkim-time-short = 署名の有効期間は { $seconds } 秒です。キューで待ったメッセージは間に合いません。
msg-dkim-time-no-expiry = 署名に期限（x=）がありません。このように署名された大量メールは、誰でもいつまでも再送できます。
msg-dkim-time-fix = 署名するサーバーの時計を合わせ、署名の期限（x=）を数日にしてください。

check-msg-dkim-bh-only = メッセージが署名されたときのままである
check-msg-dkim-bh-only-about = 署名が合わない場合、本文と署名対象フィールドのどちらが変わったかを示し、それを説明する変更（フッター、件名の書き換え、別の転送エンコーディング、改行の違い）を探します。
msg-dkim-bh-only = 本文と署名対象フィールドは、署名されたときのままです。
msg-dkim-body-changed = { $domain } が署名した後に本文が変わりました。署名対象フィールドはそのままです。
msg-dkim-header-changed = { $domain } が署名した後に署名対象フィールドが変わりました。本文はそのままです。
msg-dkim-both-changed = 本文も署名対象フィールドも、{ $domain } の署名と合いません。
msg-dkim-changed-fix = フッターの追加やウイルス検査など、メッセージを変える処理がすべて済んだ後、送信の直前に署名してください。

check-msg-dkim-third-party = 作成者自身のドメインの署名が合格している
check-msg-dkim-third-party-about = 合格した署名が From フィールドのドメインに属するか、送信を請け負ったサービスだけのものかを調べます。サービスの署名は有効ですが、DMARC では数えられません。
msg-dkim-own = 合格した署名のうち { $domain } に属するものがあります。
msg-dkim-third-party = 署名したのは { $signers } だけで、{ $domain } は署名していません。DMARC ではこの署名は数えられません。
msg-dkim-third-party-fix = 送信サービスで { $domain } の DKIM を設定し（多くは CNAME レコード）、d={ $domain } で署名されるようにしてください。

check-msg-arc = 転送者の封印
check-msg-arc-about = 転送者がメッセージを封印したか（ARC）、その連鎖が保たれているかを示します。導入は勧めません。Google は 2026 年 3 月にガイドラインから ARC を外し、IETF も歴史的な規格にしようとしています。
msg-arc-none = 封印はありません。
msg-arc = { $domain } による { $instance } 番目の封印：{ $result }。

check-msg-envelope-from = リターンパスのドメインが存在する
check-msg-envelope-from-about = リターンパスがあり、そのドメインが存在するかを調べます。Yahoo は SOA レコードを、iCloud はドメインを確かめます。空のリターンパスは通知だけのものです。
msg-envelope-from = { $domain } は存在します。
msg-envelope-from-null-report = リターンパスは空で、通知として正しい形です。
msg-envelope-from-null = 通知ではないのにリターンパスが空です。エラー通知が失われ、フィルターは迷惑メールの兆候とみなします。
msg-envelope-from-null-fix = エラー通知を受け取れる、作成者のドメインのリターンパスで送ってください。
msg-envelope-from-literal = リターンパスがドメインではなく IP アドレスです。受け取る相手はほとんどいません。
msg-envelope-from-absent = リターンパスのドメイン { $domain } は存在しません。Yahoo と iCloud はこのようなメールを拒否します。
msg-envelope-from-absent-fix = { $domain } にレコードを公開してください。エラー通知を受け取る MX レコードが最適です。

check-msg-return-path-deliverable = 作成者とリターンパスがメールを受け取れる
check-msg-return-path-deliverable-about = From フィールドとリターンパスのドメインがメールを受け取れるかを調べます。返信できないメール、特に null MX のドメインからのメールは拒否されます。
msg-deliverable = 次のドメインはメールを受け取れます：{ $domains }。
msg-deliverable-null = { $domain } は null MX で「メールを受け取らない」と宣言しながら、メールを送っています。拒否されても仕方がありません。
msg-deliverable-nowhere = { $domain } には MX レコードもアドレスもなく、返信やエラー通知の行き先がありません。
msg-deliverable-fix = { $domain } 宛てのメールを受け取るホストを示す MX レコードを公開してください。

check-msg-ptr-helo-tls = 接続に問題がない
check-msg-ptr-helo-tls-about = メッセージを運んだ接続を調べます。アドレスに名前があり、その名前がアドレスに戻るか、ホストが完全な名前を名乗ったか、TLS を使ったか。Gmail はこれをすべての送信者に求めます。
msg-connection = { $ip } の名前は { $name } で、その名前は同じアドレスに戻ります。
msg-ptr-none = { $ip } には逆引きの名前がありません。Gmail はこのようなアドレスからのメールを拒否します。
msg-ptr-none-fix = { $ip } の持ち主（ホスティング事業者や回線事業者）に、メールホストの名前の PTR レコードを公開してもらってください。
msg-ptr-unconfirmed = { $ip } の逆引きは { $name } ですが、その名前は同じアドレスに戻りません。Gmail はこのようなアドレスからのメールを拒否します。
msg-ptr-unconfirmed-fix = { $name } にアドレス { $ip } を公開するか、PTR レコードをメールホストの名前に変えてもらってください。
msg-helo-bare-ip = ホストは { $helo } と名乗りました。アドレスは角括弧で囲む決まりで、名前のほうが適しています。
msg-helo-not-fqdn = ホストは { $helo } と名乗りましたが、これは完全なドメイン名ではありません。フィルターは乗っ取られた機械の兆候とみなします。
msg-helo-fix = サーバーが名乗る名前を、PTR レコードと同じ完全なホスト名にしてください。

check-msg-received-chain = メッセージの経路が自然である
check-msg-received-chain-about = Received フィールドを下から順に読み、ホスト、遅れ、時計、暗号化を調べます。受信ホストのフィールドより下は、送信側の申告にすぎません。
msg-received = メッセージは { $count } 台のホストを通り、目立った遅れはありません。
msg-received-none = Received フィールドがありません。プログラムが直接渡したメッセージです。
msg-received-loop = Received フィールドが { $count } 個あり、メッセージが循環しています。Gmail は拒否します。
msg-received-many = Received フィールドが { $count } 個あります。これほど多いのは、たいてい循環です。
msg-received-forged = メッセージが持ち込んだ Received フィールドが、受信ホスト { $host } が書いたものだと称しています。偽造の可能性が高いです。
msg-received-clock = { $host } は、渡した側のホストより { $seconds } 秒も早くメッセージを受け取ったことになっています。どこかの時計がずれています。
msg-received-slow = { $host } がメッセージを受け取ったのは、前のホストの { $minutes } 分後です。キュー、グレーリスト、遅い検査がないか調べてください。
msg-received-clear = メッセージは { $host } まで、インターネットを TLS なしで通りました。
msg-received-private = 最初の経路に、作成者のネットワークのプライベートアドレス { $ip } が見えています。害はありませんが、内部の様子が少し知られます。

check-msg-from-count = 作成者がちょうど 1 人である
check-msg-from-count-about = メッセージには、アドレスが 1 つの From フィールドがちょうど 1 つ必要です。そうでないとソフトによって違う作成者が表示され、DMARC は判定できず、Gmail は拒否します。
msg-from-count = From フィールドは 1 つ、アドレスも 1 つです。
msg-from-missing = From フィールドがありません。
msg-from-nobody = From フィールドに誰も書かれていません。
msg-from-addresses = From フィールドにアドレスが { $count } 個あります。Gmail は拒否し、DMARC ではどれが有効か決まっていません。
msg-from-fields = From フィールドが { $count } 個あります。ソフトごとに違う作成者が表示されるため、受信側は拒否します。
msg-from-count-fix = アドレスが 1 つの From フィールドを 1 つだけ書き、ほかの人は Reply-To か Cc に入れてください。

check-msg-from-valid = 作成者のアドレスが正しい
check-msg-from-valid-about = From フィールドのアドレスを読みます。完全なドメインで、IP アドレスではなく、似た文字の混在がなく、Gmail や Yahoo などのアドレスならその事業者が送ったものでなければなりません。
msg-from-valid = 作成者のアドレスは正しく書かれています。
msg-from-unreadable = From フィールドを読み取れません：{ $reason }。
msg-from-literal = 作成者が { $address } です。ドメインの代わりの IP アドレスは検証できません。
msg-from-no-dot = 作成者のドメイン { $domain } は完全なドメイン名ではありません。
msg-from-mixed = 作成者のドメイン { $domain }（{ $shown }）は、偽造者がするように、形の似た文字体系を混ぜています。
msg-from-spoof = 差出人は { $domain } ですが、その事業者が送ったものではありません。Gmail はこのようなメッセージを隔離または拒否します。
msg-from-spoof-fix = 自分のドメインのアドレスから送り、そのアドレスは Reply-To に入れてください。
msg-from-valid-fix = From フィールドを、自分のドメインを使って「名前 <ローカル部@ドメイン>」の形で書いてください。

check-msg-from-8bit = フィールドが ASCII であるか、SMTPUTF8 が使われている
check-msg-from-8bit-about = From、To、Cc、Reply-To、Subject に ASCII 以外のオクテットをそのまま書けるのは、SMTPUTF8 を使うセッションだけです。それ以外ではエンコードが必要です。
msg-8bit-fields = フィールドは ASCII です。
msg-8bit-fields-utf8 = フィールドに UTF-8 があり、セッションは SMTPUTF8 を使っています。
msg-8bit-fields-raw = フィールド { $field } に ASCII 以外のオクテットがそのまま入っています。文字化けするソフトが多く、フィルターも減点します。
msg-8bit-fields-fix = このような文字は encoded-word（RFC 2047）で書いてください。

check-msg-encoded-word = encoded-word が正しく作られている
check-msg-encoded-word-about = すべての encoded-word を調べます。75 文字以内、既知の文字コード、復号できる内容で、アドレス、Message-ID、List フィールドの中にあってはいけません。Gmail はこの誤りの一部を拒否します。
msg-encoded-word = encoded-word は { $count } 個で、すべて正しく作られています。
msg-encoded-word-place = フィールド { $field } に、許されていない encoded-word があります。
msg-encoded-word-address = フィールド { $field } のアドレスの中に encoded-word があり、アドレスとして使えません。
msg-encoded-word-long = { $field } の encoded-word が { $length } 文字あります。上限は 75 文字です。
msg-encoded-word-charset = { $field } の encoded-word の文字コード { $charset } は知られていません。
msg-encoded-word-broken = { $field } の encoded-word を復号できません。
msg-encoded-word-fix = フィールドはメールライブラリに書かせてください。RFC 2047 のとおりに分割とエンコードをしてくれます。

check-msg-single-headers = 重複したフィールドがない
check-msg-single-headers-about = RFC 5322 では、ほとんどのフィールドは 1 度しか書けません。Subject、To、Date が 2 つあるとソフトによって違うものが表示され、偽造に使われます。Gmail は拒否します。
msg-single = 1 度だけ書けるフィールドに重複はありません。
msg-single-repeated = 次のフィールドが重複しています：{ $fields }。
msg-single-fix = どのプログラムが 2 つ目を加えているか調べてください。多くは、ライブラリも付けるフィールドを重ねて付けています。

check-msg-message-id = 正しい Message-ID がある
check-msg-message-id-about = Message-ID は、@ を 1 つ含み送信者のドメインで終わる、山括弧で囲まれた識別子です。Gmail は正しい Message-ID のないメッセージを拒否し、同じものを繰り返す送信者を制限します。
msg-message-id = Message-ID は正しく作られています。
msg-message-id-missing = Message-ID がありません。Gmail はこのようなメッセージを拒否します。
msg-message-id-malformed = Message-ID の { $id } は <左@右> の形ではありません。Gmail はこのようなメッセージを拒否します。
msg-message-id-host = Message-ID が { $host } で終わっていますが、送信者のホスト名ではありません。重複するおそれがあり、フィルターも減点します。
msg-message-id-fix = メッセージごとに、<乱数@{ $domain }> のような固有の識別子を付けてください。

check-msg-date = 日付が正しい
check-msg-date-about = RFC 5322 の形で時差が数字の Date があり、受信時刻に近いかを調べます。未来の日付は、迷惑メールのようにメールボックスの先頭に居座ります。
msg-date = 日付に問題はありません。
msg-date-missing = Date フィールドがありません。
msg-date-malformed = 日付を読み取れません：{ $date }。
msg-date-future = 日付が { $hours } 時間先です。Yahoo は受信を遅らせ、フィルターは減点します。
msg-date-past = 日付が { $hours } 時間前です。メッセージが長く待たされたか、時計がずれています。
msg-date-zone = 日付の時差が { $zone } です。+0900 のような数字なら、どこでも理解されます。
msg-date-fix = メッセージを作る機械の時計を合わせ、日付はメールライブラリに書かせてください。

check-msg-to = 宛先が書かれている
check-msg-to-about = To か Cc に誰かが書かれ、実際の受信者がその中にいるかを調べます。Bcc やメーリングリストは問題ありませんが、宛先を伏せた大量メールは迷惑メールに見えます。
msg-to = 受信者が書かれています。
msg-to-missing = To も Cc もありません。
msg-to-undisclosed = 宛先を伏せた大量メールは迷惑メールに見えます。
msg-to-dots = { $address } には、RFC 5321 で許されない位置にドットがあります。日本の携帯電話の古いアドレスにはありますが、ほかの受信側は拒否します。
msg-to-other = { $recipient } に届きましたが、メッセージには書かれていません。Bcc、メーリングリスト、転送のいずれかです。
msg-to-fix = 受信者ごとに、そのアドレスを To に書いたメッセージを送ってください。

check-msg-bcc = Bcc フィールドが外に出ていない
check-msg-bcc-about = Bcc フィールドは、見えてはならない受信者を書くものです。送信前に取り除かなければなりません。
msg-bcc = Bcc フィールドはありません。
msg-bcc-present = Bcc フィールドが残っていて、ほかに誰が受け取ったかを全員が読めます。
msg-bcc-fix = 送信前に Bcc フィールドを取り除き、受信者はエンベロープだけに入れてください。

check-msg-subject = 件名が正直で読みやすい
check-msg-subject-about = 件名があるか、返信でないのに返信のふりをしていないか、大文字ばかりでないか、URL を含まないか、画面に収まる長さかを調べます。
msg-subject = 件名に問題はありません。
msg-subject-missing = 件名がありません。
msg-subject-reply = 件名「{ $text }」は返信に見えますが、何への返信でもありません。Gmail の規則では、人を欺く件名です。
msg-subject-caps = 件名「{ $text }」が大文字ばかりです。
msg-subject-url = 件名「{ $text }」に URL があります。
msg-subject-long = 件名が { $count } 文字あり、ほとんどの画面には収まりません。
msg-subject-fix = メッセージの内容が短く分かる件名を書いてください。

check-msg-display-name = 表示名が作成者のものである
check-msg-display-name-about = ほとんどのソフトは、アドレスではなく名前だけを表示します。別のアドレス、受信者の名前、件名、件数、チェックマークを名前にしてはいけません。Gmail の規則は紛らわしい名前を禁じています。
msg-display-name = 表示名 { $name } に問題はありません。
msg-display-name-none = 作成者のアドレスに表示名はありません。
msg-display-name-address = 表示名 { $name } に、作成者のものではない { $domain } のアドレスが書かれています。
msg-display-name-recipient = 表示名 { $name } は、作成者ではなく受信者の名前です。
msg-display-name-counted = 表示名 { $name } は、複数のメッセージが続く会話を装っています。
msg-display-name-subject = 表示名 { $name } は名前ではなく件名です。
msg-display-name-sign = 表示名 { $name } に、認証済みの印に見える絵文字やチェックマークがあります。
msg-display-name-fix = 送信する人または会社の名前を使ってください。

check-msg-reply-to = 返信が送信者に届く
check-msg-reply-to-about = 返信の行き先を調べます。自分のドメインがあるのに無料メールに返信させたり、受信者自身に返信させたりするのは詐欺の兆候で、フィルターが減点します。
msg-reply-to = 返信は作成者の組織に届きます。
msg-reply-to-none = Reply-To はなく、返信は作成者に届きます。
msg-reply-to-elsewhere = 返信は作成者とは別の組織 { $domain } に届きます。
msg-reply-to-free = 作成者に自分のドメインがあるのに、返信は { $domain } の無料メールに届きます。詐欺はこのような形をしています。
msg-reply-to-recipient = 返信先の { $address } は受信者自身です。
msg-reply-to-unreadable = Reply-To フィールドを読み取れません：{ $reason }。
msg-reply-to-fix = 返信が作成者のドメインのアドレスに届くようにしてください。

check-msg-header-size = ヘッダー部が正しく書かれている
check-msg-header-size-about = 998 オクテットを超える行、NUL、フィールドでない行、大きすぎるヘッダー部を探します。サーバーはこのようなメッセージを切り詰めたり拒否したりします。
msg-header-size = ヘッダー部は { $octets } オクテットで、正しく書かれています。
msg-header-size-excess = ヘッダー部を読み取れません：{ $reason }。
msg-header-size-nul = ヘッダー部に NUL があります。
msg-header-size-line = ヘッダー部に、名前とコロンのない、フィールドでない行があります。その後ろが本文として読まれることがあります。
msg-header-size-long = ヘッダー部に { $limit } オクテットを超える行があります。
msg-header-size-large = ヘッダー部が { $octets } オクテットあります。大きすぎると Gmail などに拒否されます。
msg-header-size-fix = フィールドの記述と折り返しはメールライブラリに任せてください。

check-msg-header-injection = フィールドが紛れ込まされていない
check-msg-header-injection-about = フィールドの中に、エンコードされた改行や「%0a」のような文字列と、その後ろに続く別のフィールドがないか調べます。ウェブフォームから他人にメールを送らせようとする試みの跡です。
msg-injection = フィールドに隠れた改行はありません。
msg-injection-found = フィールド { $field } に改行と別のフィールドが隠れています。フォームを迷惑メールに悪用しようとする試みです。
msg-injection-fix = フォームに入力されたものは、フィールドにする前に改行を拒否してください。

check-msg-line-length = 行が長すぎない
check-msg-line-length-about = 本文の 1 行は 998 オクテットまでです。これより長い行はサーバーが折るため、署名や画像が壊れるか、メッセージが拒否されます。
msg-line-length = 長すぎる行はありません。
msg-line-length-over = 本文の { $line } 行目が { $limit } オクテットを超えています。
msg-line-length-wide = プレーンテキストに { $length } 文字の行があります。RFC 5322 が勧めるのは 78 文字までです。
msg-line-length-fix = このパートを quoted-printable か base64 で送ってください。

check-msg-eol = 行末が CRLF である
check-msg-eol-about = 単独の CR や LF を探します。サーバーによって読み方が変わり、メールの密輸に悪用されるため、多くのサーバーが拒否します。
msg-eol = すべての行が CRLF で終わっています。
msg-eol-lf = { $octet } オクテット目に単独の LF があります。
msg-eol-cr = { $octet } オクテット目に単独の CR があります。
msg-eol-fix = すべての行末を CRLF にしてください。

check-msg-eightbit = ASCII 以外のオクテットが宣言されている
check-msg-eightbit-about = ASCII 以外のオクテットがある本文には、セッションの 8BITMIME か転送エンコーディングが必要です。ないと途中のホストが書き換え、署名が壊れます。
msg-eightbit-ascii = 本文は ASCII です。
msg-eightbit-declared = 本文に ASCII 以外のオクテットがあり、セッションで宣言されています。
msg-eightbit-unknown = 本文に ASCII 以外のオクテットがあります。セッションで宣言されたかどうかは分かりません。
msg-eightbit-undeclared = 本文に ASCII 以外のオクテットがありますが、セッションで宣言されていません。
msg-eightbit-fix = 文面を quoted-printable か base64 で送るか、BODY=8BITMIME を宣言してください。

check-msg-mime-version = MIME であることが書かれている
check-msg-mime-version-about = Content-Type などの MIME のフィールドがあるメッセージには MIME-Version: 1.0 が必要で、ないとフィルターが減点します。
msg-mime-version = MIME-Version があります。
msg-mime-version-none = MIME を使っていないため、MIME-Version は要りません。
msg-mime-version-missing = { $field } があるのに MIME-Version がありません。
msg-mime-version-other = MIME-Version が { $value } です。存在するのは 1.0 だけです。
msg-mime-version-fix = MIME-Version: 1.0 を加えてください。

check-msg-mime-structure = パートが正しく組み立てられている
check-msg-mime-structure-about = 宣言どおりにメッセージを分解し、境界が宣言され、使われ、閉じられているか、エンコーディングと文字コードが既知で中身と合うかを調べます。壊れていると、ソフトごとに違う推測をします。
msg-mime = { $count } 個のパートが正しく組み立てられています。
msg-mime-deep = パートの入れ子が { $depth } 段あるか、パートが多すぎます。
msg-mime-type = Content-Type の { $value } は「タイプ/サブタイプ」の形ではありません。
msg-mime-encoding = 転送エンコーディング { $value } は存在しません。
msg-mime-no-boundary = { $kind } のパートに境界の宣言がありません。
msg-mime-long-boundary = 境界が { $length } 文字あります。上限は 70 文字です。
msg-mime-unused-boundary = 境界 { $boundary } は宣言されていますが、どこにもありません。
msg-mime-open = 境界 { $boundary } が閉じられていません。メッセージが途中で切れたか、作り方に誤りがあります。
msg-mime-encoded-multipart = { $kind } のパート自体が { $encoding } でエンコードされています。これは許されていません。
msg-mime-base64 = { $kind } のパートは base64 と書かれていますが、そうではありません。
msg-mime-charset = 文字コード { $value } は知られていません。
msg-mime-not-utf8 = { $kind } のパートは UTF-8 と書かれていますが、そうではありません。
msg-mime-not-ascii = テキストのパートが US-ASCII と書かれていますが、そうではありません。
msg-mime-no-charset = { $kind } のパートに ASCII 以外の文字があるのに、文字コードが書かれていません。
msg-mime-fix = メッセージの組み立てはメールライブラリに任せてください。

check-msg-base64-text = テキストがそのまま読める
check-msg-base64-text-about = ASCII だけの文面を base64 にすると、理由もなく中身が隠れます。減点するフィルターもあります。
msg-base64-text = 不要にエンコードされたテキストはありません。
msg-base64-text-needless = { $kind } のパートは ASCII だけなのに、不要に base64 でエンコードされています。

check-msg-multipart = HTML にプレーンテキストが添えられている
check-msg-multipart-about = HTML メールには、HTML を使わない読み手やフィルターのために、同じ内容のプレーンテキストを添えるべきです。フィルターへの影響はわずかです。
msg-multipart = HTML とプレーンテキストが揃っています。
msg-multipart-text = メッセージはプレーンテキストです。
msg-multipart-html-only = HTML だけで、プレーンテキストがありません。
msg-multipart-fix = multipart/alternative にし、HTML の前にプレーンテキストを置いてください。

check-msg-text-html-parity = HTML とプレーンテキストの内容が同じである
check-msg-text-html-parity-about = HTML の語とプレーンテキストの語を比べます。大きく違うと、フィルターには機械向けと人間向けで違う文面に見えます。
msg-parity = 語の { $percent }% が両方にあります。
msg-parity-one = 文面は 1 種類だけです。
msg-parity-differ = HTML とプレーンテキストの両方にある語は { $percent }% だけです。
msg-parity-fix = プレーンテキストは HTML から、すべての語を含めて作ってください。

check-msg-attachments = 添付ファイルがどこでも受け取られる
check-msg-attachments-about = Gmail や Outlook が中身にかかわらず拒否する種類のファイル、種類を偽る名前、暗号化された書庫、25 MB を超える大きさを調べます。
msg-attachments = 添付ファイルは { $count } 個で、拒否される種類はありません。
msg-attachment-blocked = { $name } は .{ $ending } という種類のファイルで、大手の受信側が拒否します。
msg-attachment-disguised = { $name } はファイルの種類を偽っています。
msg-attachment-large = メッセージが { $megabytes } MB あります。ほとんどの受信側の上限は 25 MB です。
msg-attachment-locked = { $name } は暗号化された書庫で、フィルターが中を調べられません。
msg-attachment-fix = ファイルはダウンロードできる場所に置き、リンクを送ってください。

check-msg-size = メッセージが最後まで表示される
check-msg-size-about = Gmail は HTML がおよそ 100 KB を超えるメッセージを途中で切り、末尾にある登録解除のリンクも隠れます。
msg-size = メッセージは { $total } オクテットです。
msg-size-near = HTML が { $octets } オクテットあります。Gmail はおよそ { $limit } で切ります。
msg-size-cut = HTML が { $octets } オクテットあります。Gmail はおよそ { $limit } で切るため、末尾が表示されません。
msg-size-fix = HTML を短くしてください。長くなる原因の多くは、繰り返されたスタイルとコメントです。

check-msg-auto-headers = 自動送信であることが書かれている
check-msg-auto-headers-about = プログラムが送るメールには Auto-Submitted: auto-generated を付け、不在通知が返信しないようにします。Precedence: bulk は個人のメールには不要です。
msg-auto = フィールドはメッセージの種類に合っています。
msg-auto-missing = { $local } からの自動送信なのに、そう書かれていません。不在通知が返信してしまいます。
msg-auto-precedence = メーリングリストではないのに Precedence: bulk が付いています。
msg-auto-fix = Auto-Submitted: auto-generated を加えてください。
