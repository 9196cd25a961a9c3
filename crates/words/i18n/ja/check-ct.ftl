# 診断：メッセージの内容。
ct-none = このメッセージに該当するものはありません。
ct-no-links = メッセージにリンクがないか、作成者がありません。
ct-no-html = メッセージに HTML がありません。

check-ct-empty = メッセージに中身がある
check-ct-empty-about = 文面も画像も添付ファイルもないメッセージは何も伝えず、フィルターが減点します。
ct-empty = 文面も画像も添付ファイルもありません。

check-ct-short-test = 判定できるだけの長さがある
check-ct-short-test-about = 「test」のような試し送りは、手がかりが少なすぎるため、どこでも悪く判定されます。実際の評価を知るには、本番の文面を送ってください。
ct-words = メッセージは { $count } 語です。
ct-short-test = メッセージは { $count } 語しかありません。試し送りは悪く判定されます。実際の文面を送って確かめてください。

check-ct-image-only = 画像だけでなく文章がある
check-ct-image-only-about = ほとんど画像だけのメッセージは、迷惑メールのように、文字をフィルターから隠します。それ以外では、画像と文章の割合は問題になりません。
ct-image-only = 画像が { $pictures } 枚あるのに、文章は { $characters } 文字しかありません。

check-ct-img-alt = 画像に説明がある
check-ct-img-alt-about = 求められるまで画像を表示しないソフトが多く、画像を見られない読み手もいます。代わりに読まれるのが alt 属性です。
ct-img-alt = 画像は { $count } 枚で、説明のないものはありません。
ct-img-alt-missing = { $count } 枚の画像に alt 属性がありません。

check-ct-img-remote-http = 画像が暗号化されて届く
check-ct-img-remote-http-about = http:// の画像は途中で読まれたり差し替えられたりし、表示しないソフトもあります。
ct-img-remote-http = 暗号化されない画像があります：{ $url }
ct-img-remote-http-fix = 画像には https:// を使ってください。

check-ct-img-data-uri = 画像が data URL でない
check-ct-img-data-uri-about = Gmail と Outlook は、HTML に data: で埋め込まれた画像を表示しません。
ct-img-data-uri = { $count } 枚の画像が data: で埋め込まれています。Gmail と Outlook では表示されません。

check-ct-tracking-pixel = 目に見えない画像
check-ct-tracking-pixel-about = メッセージが開かれたことを送信者に知らせる、1 ピクセルの画像を示します。誤りではなく、減点もありません。
ct-tracking-pixel = 1 ピクセルの画像があり、開封が送信者に伝わります。

check-ct-link-mismatch = リンクが表示どおりの場所に通じる
check-ct-link-mismatch-about = 表示と違うホストに通じるリンクは、パスワードを盗む手口です。クリックを数えるリンクも、表示が URL だと同じことになります。
ct-link-mismatch = リンクの表示は { $text } ですが、実際は { $host } に通じます。

check-ct-link-ip = リンクが名前に通じる
check-ct-link-ip-about = IP アドレスへのリンクは乗っ取られた機械がよく使うもので、Outlook の規則も使わないよう求めています。
ct-link-ip = 名前ではなくアドレスに通じるリンクがあります：{ $url }

check-ct-link-port = リンクが通常のポートを使う
check-ct-link-port-about = 特殊なポートへのリンクは、正当なメールにはまれです。
ct-link-port = ポートを指定したリンクがあります：{ $url }

check-ct-link-shortener = リンクが省略されていない
check-ct-link-shortener-about = 短縮リンクは行き先を隠し、迷惑メールの送信者と共用されるため、ブロックリストやフィルターに数えられます。
ct-link-shortener = 行き先を隠したリンクがあります：{ $url }

check-ct-link-idn-mix = ホスト名の文字体系が 1 つである
check-ct-link-idn-mix-about = ラテン文字とキリル文字やギリシャ文字を混ぜたホスト名は、別のホスト名を真似ています。
ct-link-idn-mix = リンクのホスト名に、形の似た文字体系が混ざっています：{ $url }

check-ct-link-zero-width = ホスト名に隠れた文字がない
check-ct-link-zero-width-about = ホスト名に幅のない文字があると、違うホストが同じに見えます。
ct-link-zero-width = リンクのホスト名に見えない文字があります：{ $host }

check-ct-link-http = リンクが暗号化されている
check-ct-link-http-about = http:// のリンクは途中で読まれたり書き換えられたりします。表示が https:// の場合はさらに問題です。
ct-link-http = http:// に通じるリンクが { $count } 件あります。例：{ $url }
ct-link-http-disguised = 表示は https:// なのに http:// に通じるリンクがあります：{ $url }

check-ct-link-count = リンクが多すぎない
check-ct-link-count-about = リンクを数え、30 件を超えると知らせます。
ct-link-count = リンクは { $count } 件です。
ct-link-count-many = リンクが { $count } 件あります。

check-ct-link-own-domain = リンクが送信者のものである
check-ct-link-own-domain-about = 作成者自身のドメインに通じるリンクの割合を示します。ほかのドメインへのリンクは、その評判を共有することになります。
ct-link-own-domain = { $count } 件のリンクのうち { $own } 件が { $domain } に通じます。

check-ct-link-broken = リンクが切れていない
check-ct-link-broken-about = 運用者が許可したときだけリンクをたどり、登録解除のリンクは決してたどりません。他人のリンクへの要求は、相手側で何かを変えるおそれがあります。
ct-link-broken-off = ここではリンクをたどりません。要求が相手側で何かを変えるおそれがあるためです。運用者が許可できます。
ct-link-broken-none = { $count } 件のリンクをたどり、すべて応答がありました。
ct-link-broken = { $count } 件のリンクが切れています。
ct-link-broken-fix = リンクを直すか、取り除いてください。

check-ct-html-forms = フォームがない
check-ct-html-forms-about = ほとんどのソフトはメールのフォームを表示せず、パスワードを尋ねるフォームは詐欺です。
ct-html-forms = HTML にフォームが { $count } 個あります。

check-ct-html-scripts = スクリプトがない
check-ct-html-scripts-about = スクリプトを実行するメールソフトはありません。イベントハンドラーや javascript: のリンクも含め、フィルターが減点します。
ct-html-scripts = HTML にスクリプトやハンドラーが { $count } 個あります。

check-ct-html-objects = 埋め込みオブジェクトがない
check-ct-html-objects-about = iframe、object、embed、applet はメールソフトが取り除き、フィルターが減点します。
ct-html-objects = HTML にオブジェクトが { $count } 個埋め込まれています。

check-ct-external-css = スタイルがメッセージの中にある
check-ct-external-css-about = メールソフトはスタイルシートを取得しません。リンクや @import は効果がなく、フィルターが減点します。
ct-external-css = HTML が { $count } 件のスタイルシートを取得しようとしますが、メールソフトは取得しません。

check-ct-html-broken = HTML が整っている
check-ct-html-broken-about = 閉じられていない要素、html 要素のない HTML、Gmail がスタイル全体を捨てる原因になる入れ子の @ 規則を探します。
ct-html = HTML は整っています。
ct-html-unclosed = { $count } 個の要素が閉じられていません。
ct-html-fragment = HTML に html 要素がありません。
ct-html-nested = スタイルの中で @ 規則が入れ子になっています。Gmail はそのためにスタイル全体を捨てます。

check-ct-meta-refresh = ページが勝手に移動しない
check-ct-meta-refresh-about = 自動的に別のページへ移る HTML は、メールには不要です。
ct-meta-refresh = HTML が自動的に別のページへ移ります。

check-ct-hidden-text = 隠された文字がない
check-ct-hidden-text-about = 見えない文字（非表示の要素、大きさ 0、背景と同じ色）を探します。200 文字までのプリヘッダーは普通ですが、それを超えるものは Gmail が禁じ、機械への指示にも見えます。
ct-hidden-text = 見えない文字が { $count } 文字あります（{ $how }）。

check-ct-caps = 大文字ばかりでない
check-ct-caps-about = 文面の大文字の割合を数えます。
ct-caps = 文字の { $percent }% が大文字です。

check-ct-gappy = 単語が離れていない
check-ct-gappy-about = 文字の間を空けた単語はフィルターを逃れるための書き方で、フィルターも知っています。
ct-gappy = 文字の間を空けた単語があります：{ $text }

check-ct-exclaim = 感嘆符が多すぎない
check-ct-exclaim-about = 件名と文面で、3 つ以上続く感嘆符を探します。
ct-exclaim = 感嘆符が { $count } 個続いています。

check-ct-spam-phrases = 迷惑メールの決まり文句がない
check-ct-spam-phrases-about = 迷惑メールによくある英語と日本語の決まり文句を、短い一覧で探します。一覧は docs/score.md にあり、1 つにつき 0.5 点です。
ct-spam-phrases = 迷惑メールによくある文句：{ $phrases }

check-ct-emoji-subject = 件名の絵文字
check-ct-emoji-subject-about = 件名に絵文字があるかを示します。好みの問題で、減点はありません。
ct-emoji-subject = 件名に絵文字が { $count } 個あります。

check-ct-charset-exotic = 一般的な文字コードである
check-ct-charset-exotic-about = メールでほとんど使われない文字コードは、ソフトやフィルターを惑わせます。UTF-8 ならどこでも読めます。
ct-charset-exotic = メールではほとんど使われない文字コード { $charset } の文面があります。

check-ct-obfuscation = 単語が普通に書かれている
check-ct-obfuscation-about = 数値の実体参照で書かれた文字や、単語の中の幅のない文字は、単語をフィルターから隠します。
ct-obfuscation-width = 単語の中に幅のない文字が { $count } 個あります。
ct-obfuscation-entities = 単語の中の文字が { $count } 個、数値の実体参照で書かれています。

check-ct-unsub-visible = 目に見える登録解除がある
check-ct-unsub-visible-about = 多数に送るメールには、Gmail が長いメッセージを切る位置より前に、目に見える登録解除のリンクが必要です。見つからないと「迷惑メール」が押されます。
ct-unsub-visible = 目に見える登録解除のリンクがあります。
ct-unsub-none = 目に見える登録解除のリンクがありません。
ct-unsub-late = 登録解除のリンクが、Gmail がメッセージを切る位置（{ $limit } オクテット）より後ろにあります。
ct-unsub-fix = 「配信停止」と書いたリンクを、文面の上のほうか短いフッターに入れてください。

check-ct-postal-address = 送信者が示されている
check-ct-postal-address-about = 特定電子メール法など多くの国の法律は、広告メールに送信者の名称と住所を求めます。これは参考であり、法的な助言ではありません。
ct-postal-address = メッセージに住所があります。
ct-postal-none = メッセージに住所が見つかりません。多くの国の法律が、広告メールに求めています。

check-ct-gtube = 迷惑メールフィルターのテスト文字列でない
check-ct-gtube-about = 迷惑メールフィルターが働くかを試すための決まった文字列を見分けます。
ct-gtube = 迷惑メールフィルターのテスト文字列（GTUBE）があります。フィルターは働いています。

check-ct-link-blocklisted = リンク先がブロックリストに載っていない
check-ct-link-blocklisted-about = リンク先の組織を、ドメインのブロックリスト（有効になっている Spamhaus DBL、SURBL、URIBL）に尋ねます。載っているもの 1 つにつき 3 点で、どのフィルターも減点します。
ct-link-blocklisted-none = 尋ねるべきリンクがありません。
ct-link-blocklisted-clean = リンク先の { $count } 個のドメインは、どのブロックリストにも載っていません。
ct-link-blocklisted = リンク先のドメインがブロックリストに載っています：{ $domains }。誰が送っても、どのフィルターも減点します。
ct-link-blocklisted-fix = リストから外れるまで、リンクを取り除いてください。
