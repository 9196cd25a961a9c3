# 診断、`dkim` の検査。
check-dkim-selector-known = DKIM 鍵が少なくとも 1 つ分かっている
check-dkim-selector-known-about = 分かっているセレクター、ドメインが使うプロバイダーのセレクター、よくある名前のセレクターについて鍵レコードを調べます。セレクターの一覧は取得できないため、見つからないことは何も意味しません。ただし `_domainkey` の下に何も存在しないと DNS が答えた場合は別です。
check-dkim-record-found = 分かっているセレクターすべてに鍵レコードがある
check-dkim-record-found-about = 分かっているセレクターごとに鍵レコードを問い合わせます。なければ、そのセレクターによる署名は合格しません。
check-dkim-cname-dangling = 鍵の別名の先が存在する
check-dkim-cname-dangling-about = 鍵の名前が、もう存在しない名前の別名になっていないかを調べます。サービスを解約したときに起こります。署名は失敗し、先の名前を手に入れた人がドメインとして署名できてしまいます。
check-dkim-record-multiple = セレクターごとにレコードは 1 件
check-dkim-record-multiple-about = 鍵の名前ごとに TXT レコードの数を数えます。複数あると、受信側がどれを使うかは決まっていません。
check-dkim-version = 鍵レコードが `v=DKIM1` で始まる
check-dkim-version-about = 鍵レコードのバージョンを調べます。省略できますが、別の値や先頭にないものがあると、受信側はレコードを無視します。
check-dkim-syntax = 鍵レコードが読み取れる
check-dkim-syntax-about = 鍵レコードとその鍵を読み、欠落、引用符、PEM の行などのよくある間違いを示します。
check-dkim-key-type = 鍵の種類が記述どおりである
check-dkim-key-type-about = `k=` と鍵が一致しているかを調べます。Ed25519 の鍵は 32 オクテットだけを公開します。
check-dkim-revoked = 使用中の鍵が取り消されていない
check-dkim-revoked-about = 空の鍵を探します。鍵はこの方法で取り消され、もう署名に使わない鍵なら正しい状態です。
check-dkim-key-size = 鍵の長さが十分である
check-dkim-key-size-about = RSA 鍵の長さを測ります。1024 ビット未満の署名は認められず、2048 ビットが推奨され、4096 ビットを超える鍵は検証できない受信側があります。
check-dkim-hash = 鍵を SHA-256 で使える
check-dkim-hash-about = 鍵レコードの `h=` に、現在唯一認められるハッシュである sha256 が欠けていないかを調べます。
check-dkim-service = 鍵を電子メールに使える
check-dkim-service-about = 鍵レコードの `s=` に電子メールが欠けていないかを調べます。
check-dkim-testing = テストモードの鍵がない
check-dkim-testing-about = `t=y` を探します。受信側はほかの署名と同じに扱いますが、設定が終わっていないことを示しています。
check-dkim-strict-i = サブドメインの識別子が許されている
check-dkim-strict-i-about = `t=s` を探します。これがあると、`i=` が `d=` のサブドメインにある署名は失敗します。
check-dkim-weak-exponent = RSA の公開指数が通常の値である
check-dkim-weak-exponent-about = RSA 鍵の公開指数を調べます。偶数や 1 では鍵として成り立たず、65537 未満では一部の攻撃が容易になります。
check-dkim-roca = 欠陥のあるチップで作られた鍵がない
check-dkim-roca-about = あるチップのライブラリーが作った RSA 鍵の特徴（CVE-2017-15361）を調べます。このような鍵は秘密鍵を計算できてしまいます。
check-dkim-private-key-match = 公開されている鍵が署名に使う鍵と合っている
check-dkim-private-key-match-about = 公開されている鍵を、ここで署名に使う秘密鍵と比べます。違っていれば、すべての署名が失敗します。
check-dkim-rotation = 鍵が古すぎない
check-dkim-rotation-about = セレクターの名前に日付がある場合に、鍵がどれだけ古いかを調べます。ときどき取り替える鍵は、盗まれても被害が小さくなります。
check-dkim-shared-key = セレクターごとに別の鍵である
check-dkim-shared-key-about = 同じ鍵が複数のセレクターで公開されていないかを調べます。その場合、セレクターを替えても鍵は変わっていません。
check-dkim-ed25519-only = RSA 鍵がある
check-dkim-ed25519-only-about = すべての鍵が Ed25519 でないかを調べます。Gmail、Outlook、Yahoo はこの署名を検証しないため、RSA の署名を併用する必要があります。
check-dkim-dkim2 = 鍵を DKIM2 にも使える
check-dkim-dkim2-about = DKIM2 の草案は現在の鍵レコードをそのまま使います。対応は不要で、採点もしません。
dkim-no-selector = { $domain } のセレクターが分からないため、鍵を調べられません。
dkim-sends-nothing = { $domain } はメールを送らないため、鍵は不要です。
dkim-withdrawn = { $domain } の `_domainkey` の下では、どの名前にも鍵を取り消すレコードがあります。メールを送らないドメインなら正しい設定です。署名するドメインは、使う鍵を公開する必要があります。
dkim-selectors = { $domain } の DKIM 鍵レコードは、分かっているもので { $count } 件です。
dkim-selector-unknown = 試した { $tried } 個の名前には { $domain } の DKIM 鍵が見つかりませんでした。鍵がないという意味ではありません。セレクター（{ $domain } からのメールの DKIM-Signature フィールドの `s=`）を指定するか、テスト用の受信箱にメールを送ってください。
dkim-selector-none = `_domainkey.{ $domain }` の下には何も存在しません。DKIM 鍵がまったくないため、{ $domain } の署名は誰にも検証できません。大手の受信側は署名を求めており、転送されたメールの送信者を証明できるのは署名だけです。
dkim-selector-fix = { $domain } のメールを送る側で鍵を作り、そのレコードを公開して署名してください。
dkim-shared = { $domain } では、セレクター { $one } と { $other } に同じ鍵があります。鍵を替えたつもりでも、替わったのは名前だけです。
dkim-shared-not = { $domain } では、同じ鍵を持つセレクターはありません。
dkim-no-usable = 署名が合格しうる { $domain } の鍵は分かっていません。
dkim-has-rsa = { $domain } には、どの受信側でも使える RSA 鍵があります。
dkim-ed25519-guessed = 試して見つかった { $domain } の鍵は Ed25519 だけです。知られていないセレクターに RSA 鍵があるかもしれません。
dkim-ed25519-only = { $domain } の署名用の鍵はすべて Ed25519 です。Gmail、Outlook、Yahoo はこれを検証できないため、署名のないメールと同じになります。
dkim-ed25519-only-fix = 別のセレクターで 2048 ビットの RSA 鍵を作り、すべてのメールに両方の鍵で署名してください。
dkim-dkim2 = { $domain } の鍵レコードは、まだ草案である DKIM2 でもそのまま使えます。
dkim-no-alias = { $name } は別名ではありません。
dkim-alias = { $name } は { $target } の別名で、その先にレコードがあります。
dkim-dangling = { $name } は { $target } の別名ですが、その先には何もありません。このセレクターの署名は失敗し、{ $target } を手に入れた人があなたの名前で署名できてしまいます。
dkim-dangling-fix = { $target } のサービスをもう使っていないなら、別名 { $name } を削除してください。使っているなら、正しい名前をサービスに確認してください。
dkim-found = { $name } に鍵レコードがあります。
dkim-found-guessed = { $name } に鍵レコードが見つかりました（試して見つけたものです）。
dkim-not-a-key = { $name } の TXT レコードには `p=` がないため、鍵ではありません。
dkim-publish-fix = { $name } に鍵レコードを公開するか、公開済みの鍵のセレクターで署名してください。
dkim-one-record = { $name } の TXT レコードは 1 件です。
dkim-several-records = { $name } には TXT レコードが { $count } 件あります。受信側がどれを使うかは決まっていないため、署名が合格したりしなかったりします。
dkim-several-fix = { $name } には署名に使う鍵だけを残し、ほかは削除してください。
dkim-version = { $name } のレコードのバージョンは正しいです。
dkim-version-fix = `v=DKIM1` を先頭に置いたレコードを { $name } に公開してください。
dkim-syntax = { $name } のレコードは読み取れます。
dkim-syntax-fix = { $name } の鍵を、途切れなく余分なものを付けずに公開し直してください。
dkim-type = { $name } のレコードは鍵の種類を { $type } としており、実際の鍵もそのとおりです。
dkim-not-revoked = { $name } の鍵は取り消されていません。
dkim-revoked-in-use = このセレクターで署名していますが、{ $name } の鍵は `p=` が空で、取り消されています。すべての署名が失敗します。
dkim-size-ed25519 = { $name } の鍵は 256 ビットの Ed25519 鍵で、十分な長さです。
dkim-size = { $name } の鍵は { $bits } ビットです。
dkim-size-short = { $name } の鍵は { $bits } ビットです。まだ受け付けられますが、推奨は 2048 ビットで、この長さの鍵は長くは使えません。
dkim-size-long = { $name } の鍵は { $bits } ビットです。受信側に求められるのは { $most } ビットまでの検証で、それ以上を扱えないものもあります。
dkim-size-fix = 新しいセレクターで 2048 ビットの鍵を作って公開し、それで署名を始め、1 週間後に { $name } の鍵を取り消してください。
dkim-hash = { $name } の鍵は SHA-256 で使えます。
dkim-tag-fix = { $name } のレコードを次のように公開してください。
dkim-service = { $name } の鍵は電子メールに使えます。
dkim-not-testing = { $name } の鍵はテストモードではありません。
dkim-testing = { $name } のレコードには `t=y` があり、DKIM をテスト中としています。署名は同じに扱われますが、軽く見る受信側もあり、動いている設定にはもう必要ありません。
dkim-not-strict = { $name } のレコードはサブドメインの識別子を許しています。
dkim-strict = { $name } のレコードには `t=s` があり、`i=` がある場合は { $domain } 自身でなければ署名が合格しません。サブドメインを名乗る署名がなければ問題ありません。
dkim-no-rsa = { $name } の鍵は RSA 鍵ではありません。
dkim-exponent = { $name } の鍵の RSA 公開指数は通常の値です。
dkim-exponent-small = { $name } の鍵の RSA 公開指数は 65537 未満です。署名は合格しますが、不注意なソフトウェアは騙されることがあるため、新しい鍵には使わないでください。
dkim-exponent-broken = { $name } の鍵の RSA 公開指数は偶数か 1 です。そのような鍵は存在しないため、レコードが壊れているか、でたらめに作られています。
dkim-new-key-fix = 新しいセレクターで鍵を作って公開し、それで署名を始め、1 週間後に { $name } の鍵を取り消してください。
dkim-roca-not = { $name } の鍵には、欠陥のあるチップのライブラリーの特徴はありません。
dkim-roca = { $name } の鍵には、欠陥のあるチップのライブラリー（ROCA）の特徴があります。秘密鍵を他人に計算され、あなたの名前で署名されるおそれがあります。
dkim-not-ours = { $name } のセレクターの鍵はここでは署名に使っていないため、比べるものがありません。
dkim-ours = { $name } の鍵は、ここで署名に使う鍵の公開鍵です。
dkim-ours-not = { $name } の鍵は、ここでこのセレクターの署名に使う鍵の公開鍵ではありません。すべての署名が失敗します。
dkim-ours-fix = 署名に使う鍵のレコードを { $name } に公開してください。
dkim-age-unknown = { $name } のセレクターからは鍵の古さが分かりません。
dkim-age-fine = 名前から見て、セレクター { $selector } の鍵は作られて 1 年以内です。
dkim-age = 名前から見て、セレクター { $selector } の鍵は { $months } か月前のものです。年に 1 度の交換をお勧めします。
dkim-age-great = 名前から見て、セレクター { $selector } の鍵は { $months } か月前のものです。交換する時期です。
