# 診断、`dmarc` の検査。
check-dmarc-exists = ドメインに DMARC ポリシーが適用される
check-dmarc-exists-about = 受信側と同じように上位へたどり、適用される DMARC レコードを探します。Gmail、Outlook、Yahoo、iCloud は、大量に送信するすべての送信者に公開を求めています。
check-dmarc-multiple = 名前ごとに DMARC レコードは 1 件
check-dmarc-multiple-about = ドメインとその上位の DMARC レコードの数を数えます。同じ名前に複数あるとすべて破棄され、ないのと同じになります。
check-dmarc-version = レコードが `v=DMARC1` で始まっている
check-dmarc-version-about = DMARC のつもりで書かれたのに、大文字小文字や順序の違い、引用符などで始まる TXT レコードを探します。受信側はこれを無視します。
check-dmarc-location = レコードが `_dmarc` にある
check-dmarc-location-about = 誰も見ない名前に置かれた DMARC レコードと、DMARC の場所に置かれた SPF レコードを探します。
check-dmarc-unrelated-txt = `_dmarc` にほかのものがない
check-dmarc-unrelated-txt-about = ワイルドカードなどによって同じ名前に現れるほかの TXT レコードを探します。多くの受信側は無視しますが、つまずくものもあります。
check-dmarc-syntax = すべてのタグが読み取れる
check-dmarc-syntax-about = 文法に従ってレコードを読み、読めないタグ、重複したタグ、`p` の欠落など、受信側が無視するものを示します。
check-dmarc-bad-policy = ポリシーの値が正しい
check-dmarc-bad-policy-about = `p`、`sp`、`np` が none、quarantine、reject のどれかを調べます。それ以外の値では `p=none` とみなされ、レポートの宛先もなければレコード自体が無効になります。
check-dmarc-removed-tags = 廃止されたタグがない
check-dmarc-removed-tags-about = RFC 9989 で廃止された `pct`、`rf`、`ri` を探します。現在の受信側は `pct` に関係なく、すべてのメールにポリシーを適用します。
check-dmarc-t = ポリシーがそのまま適用される
check-dmarc-t-about = `t=y` を探します。これがあると、受信側は 1 段階低いポリシーを適用します。
check-dmarc-p-order = `p` がバージョンの直後にある
check-dmarc-p-order-about = `p` の位置を調べます。現在はどこでもかまいませんが、RFC 7489 の頃のソフトウェアは 2 番目を求めることがあります。
check-dmarc-policy-strength = ポリシーがドメインを守っている
check-dmarc-policy-strength-about = ポリシーの働きと次の段階を示します。どのポリシーもそれ自体は誤りではありません。始めたばかりなら様子を見る段階が必要で、メーリングリストに投稿する人のいるドメインは拒否すべきではありません。
check-dmarc-sp-np = サブドメインも守られている
check-dmarc-sp-np-about = 存在するサブドメインと存在しないサブドメインに適用されるポリシーと、`sp` や `np` が働かない場合を示します。
check-dmarc-reject-needs-dkim = `p=reject` が SPF だけに頼っていない
check-dmarc-reject-needs-dkim-about = ポリシーが reject の場合に、DKIM 鍵があるかを調べます。SPF は転送で失われるため、正当なメールが拒否されてしまいます。
check-dmarc-psd = ドメインの位置付けが正しく示されている
check-dmarc-psd-about = `psd` を調べます。`psd=y` はレジストリだけのものです。レジストリがこれなしでレコードを公開している場合、`psd=n` によって自分の組織を保てます。
check-dmarc-parent-record-needed = サブドメインが組織に属している
check-dmarc-parent-record-needed-about = サブドメインにレコードがあり、組織のドメインにはない状態を探します。現在の受信側では独立した組織とみなされ、親ドメインの署名が数えられなくなります。
check-dmarc-org-domain = 新旧の受信側で結果が同じになる
check-dmarc-org-domain-about = RFC 9989 のツリーウォークと RFC 7489 の Public Suffix List の両方で組織とポリシーを求め、違いを示します。
check-dmarc-deep-label = ツリーウォークがすべての階層に届く
check-dmarc-deep-label-about = ラベルが 8 個を超え、専用のレコードのないドメインかを調べます。ツリーウォークは途中の名前を飛ばします。
check-dmarc-rua = レポートが届く
check-dmarc-rua-about = 集計レポートの宛先を読み、そのドメインがメールを受け取れるかを調べます。レポートを見ると、誰がドメインの名前で送っているかが分かります。
check-dmarc-ruf = 個々のメールについてのレポート
check-dmarc-ruf-about = 個々のメールについてのレポートを求めているかを示します。他人のメールを含むため、送る受信側はわずかです。
check-dmarc-external-auth = レポートの受け取り手が同意している
check-dmarc-external-auth-about = レポートが別の組織に届く場合に、その組織が同意を示すレコードを探します。なければレポートは送られません。
check-dmarc-alignment-mode = アライメントが送信方法に合っている
check-dmarc-alignment-mode-about = 厳格なアライメントと、それによって合わなくなる既知の送信経路を探します。
check-dmarc-simulate = どの送信元からのメールも受け取られる
check-dmarc-simulate-about = 送信元ごとに、SPF、DKIM、DMARC、ポリシー、そして大手プロバイダーの公表された動作を順に確かめます。
check-dmarc-single-point = 2 つの方法がメールを保証している
check-dmarc-single-point-about = DMARC が SPF と DKIM の両方で合格するかを調べます。一方だけでは、転送や 1 つの間違いで失われます。
dmarc-published = { $domain } は DMARC レコードを公開しています。
dmarc-inherited = { $domain } には { $from } の DMARC レコードが適用されます。
dmarc-published-well = { $domain } とその上位では、この点に問題はありません。
dmarc-multiple-fix = { $name } のレコードを 1 件だけ残し、ほかは削除してください。
dmarc-version-fix = { $name } のレコードを `v=DMARC1;` で始まるように公開してください。
dmarc-exists-nothing = { $domain } はメールを送らず、DMARC ポリシーもありません。reject のポリシーを公開すると、名前の悪用を防げます。
dmarc-exists-nothing-fix = { $domain } に reject のポリシーを公開してください。
dmarc-exists-fix = まず様子を見るだけのレコードを { $domain } に公開し、自分のメールボックスでレポートを受け取ってください。送信するメールへの影響はありません。
dmarc-elsewhere = DMARC レコードが { $name } にありますが、誰もそこを見ません。受信側が調べるのは `_dmarc.{ $domain }` です。
dmarc-elsewhere-too = { $name } にも DMARC レコードがありますが、誰も読みません。有効なのは `_dmarc.{ $domain }` のものです。
dmarc-elsewhere-fix = レコードを `_dmarc.{ $domain }` に公開し、{ $name } からは削除してください。
dmarc-spf-here = { $name } に SPF レコードがありますが、誰もそこを見ません。
dmarc-spf-here-fix = { $name } の SPF レコードを削除してください。SPF はドメイン自身に置きます。
dmarc-nowhere-else = { $domain } の DMARC レコードで、誰も見ない場所にあるものはありません。
dmarc-alone = `_dmarc.{ $domain }` にほかの TXT レコードはありません。
dmarc-unrelated = { $name } にはほかの TXT レコードが { $count } 件あります。ワイルドカードによるものかもしれません。受信側は無視しますが、うまく扱えないソフトウェアもあります。
dmarc-unrelated-fix = { $name } からほかの TXT レコードを取り除いてください。
dmarc-syntax = { $name } のレコードのタグはすべて読み取れます。
dmarc-fix = { $name } のレコードを次のように公開してください。
dmarc-policy-readable = { $name } のレコードのポリシーは読み取れます。
dmarc-not-testing = { $name } のレコードはテストモードではありません。
dmarc-testing-now = レコードに `t=y` があるため、受信側は { $policy } の代わりに { $lowered } を適用します。レポートを確認している間はこれで正しいです。
dmarc-testing-fix = 自分のメールが合格していることをレポートで確認できたら、`t=y` を取り除いてください。
dmarc-order = { $name } のレコードでは、`p` がバージョンの直後にあるか、省略されています。
dmarc-order-other = { $name } のレコードでは、`p` がバージョンの直後にありません。現在の受信側は気にしませんが、古いソフトウェアには影響することがあります。
dmarc-no-removed = { $name } のレコードに、DMARC から廃止されたタグはありません。
dmarc-removed = 次のタグは DMARC から廃止され、効果がありません：{ $names }。
dmarc-percent = `pct={ $percent }` は DMARC から廃止されました。RFC 9989 の受信側は不合格のメールすべてにポリシーを適用し、古い受信側はその { $percent } % に適用します。
dmarc-percent-none = `pct=0` は DMARC から廃止されました。RFC 9989 の受信側は不合格のメールすべてにポリシーを適用します。テスト中であることは `t=y` で示します。
dmarc-monitoring = { $domain } のポリシーは none です。誰がこの名前で送っているかを観察する段階で、何も拒否されません。自分のメールが合格していることをレポートで確認できたら、次は quarantine です。急ぐ必要はありません。
dmarc-rejecting = { $domain } のポリシーは reject です。メーリングリストに投稿する人がいると、そのメールの一部が拒否されます。RFC 9989 はそのようなドメインに勧めていません。
dmarc-enforced = { $domain } のポリシーは { $policy } です。
dmarc-below = { $domain } のサブドメインには、組織である { $organizational } のレコードが適用されます。
dmarc-sp-weaker = サブドメインのポリシー（{ $sp }）がドメイン自身のポリシー（{ $p }）より緩いため、なりすましに使われやすくなります。
dmarc-np-absent = `np` がないため、存在しない { $domain } のサブドメインには { $policy } が適用されます。そこから正当なメールが送られることはないため、`np=reject` にしても困る人はいません。
dmarc-sp-np = { $domain } の存在するサブドメインには { $existing }、存在しないサブドメインには { $absent } が適用されます。
dmarc-not-reject = { $domain } のポリシーは reject ではないか、メールを送りません。
dmarc-reject-dkim = { $domain } のポリシーは reject で、DKIM 鍵があります。
dmarc-reject-unknown = { $domain } のポリシーは reject ですが、DKIM のセレクターが分かりません。SPF だけに頼ってはいけません。
dmarc-reject-no-dkim = { $domain } のポリシーは reject ですが、署名が合格する DKIM 鍵がありません。メールを保証するのは SPF だけで、転送されると失われ、正当なメールが拒否されます。
dmarc-reject-no-dkim-fix = { $domain } のメールに DKIM で署名するか、それまでポリシーを下げてください。
dmarc-psd = { $domain } とその上位では、レジストリについての誤った記述はありません。
dmarc-psd-wrong = { $domain } は `psd=y` でレジストリだと示していますが、レジストリではありません。自分のサブドメインが他人とみなされ、署名が合わなくなります。
dmarc-psd-above = { $above } はレジストリであることを示さずに DMARC レコードを公開しています。そのため受信側は { $above } を { $domain } の組織とみなし、そのポリシーを適用します。
dmarc-psd-above-fix = { $domain } のレコードに `psd=n` を書いてください。組織がここから始まることを示します。
dmarc-parent = { $domain } には上位のレコードが不要か、すでにあります。
dmarc-organization-open = DNS が一部の階層で応答しなかったため、{ $domain } がどの組織に属するか分かりません。
dmarc-parent-needed = { $domain } には { $top } のレコードが適用されますが、{ $organization } にはレコードがありません。ツリーウォークでは { $top } が独立した組織となり、古い受信側が認める { $organization } の署名や MAIL FROM は、もう数えられません。
dmarc-parent-fix = { $domain } にレコードを公開してください。様子を見るだけの内容でも、存在すれば十分です。
dmarc-organization = { $domain } については新旧の受信側の結果が同じで、組織は { $organization } です。
dmarc-organization-nothing = { $domain } にもその上位にもレコードがないため、受信側の探し方による違いはありません。
dmarc-depth = { $domain } のラベルは { $labels } 個で、ツリーウォークは関係するレコードをすべて見つけます。
dmarc-depth-deep = { $domain } のラベルは { $labels } 個で、専用のレコードがありません。ツリーウォークは末尾の 7 ラベルに進み、途中のレコードを飛ばします。
dmarc-depth-fix = { $domain } 自身にレコードを公開してください。
dmarc-rua = { $domain } のレコードにはレポートの宛先が { $count } 件あり、そのドメインはメールを受け取れます。
dmarc-rua-absent = { $domain } のレコードはレポートを求めていないため、誰がこの名前で送っているかが分かりません。
dmarc-rua-dead = レポートの宛先の { $domain } はメールを受け取らないため、レポートは失われます。
dmarc-rua-dead-fix = メールを受け取れるドメインの宛先を指定するか、{ $domain } に MX レコードを公開してください。
dmarc-rua-many = レコードにはレポートの宛先が { $count } 件あります。受信側が必ず従うのは { $sure } 件までです。
dmarc-ruf-absent = { $domain } は個々のメールについてのレポートを求めていません。送る受信側はほとんどありません。
dmarc-ruf = { $domain } は個々のメールについてのレポートを求めています。送る受信側はわずかで、届いたものには他人のメールが含まれることがあるため、取り扱いに注意してください。
dmarc-external-none = { $domain } についてのレポートがメールで別の組織に届くことはありません。
dmarc-external = { $domain } についてのレポートは別の組織である { $host } に届く設定ですが、同意を示すレコードが { $name } にありません。受信側はレポートを送りません。
dmarc-external-fix = このレコードは { $host } が公開する必要があります。{ $domain } のレポートを受け取るサービスなら、ふつう登録時に公開されます。
dmarc-external-long = { $host } が同意を示すレコードの名前は、長すぎて存在できません。
dmarc-external-elsewhere = { $host } は受け取りに同意していますが、そのレコードは別のホストの `{ $uri }` に送るよう指定しています。受信側はこれを無視します。
dmarc-external-agreed = { $host } は { $domain } についてのレポートの受け取りに同意しています。
dmarc-relaxed = { $domain } のアライメントは緩やかで、組織内のどのドメインでも数えられます。
dmarc-strict = { $domain } のアライメントは厳格で、署名や MAIL FROM がまったく同じドメインの場合だけ数えられます。これで合わなくなる既知の送信経路はありません。
dmarc-strict-breaks = { $domain } のアライメントは厳格ですが、MAIL FROM には { $names } が使われています。この場合 SPF は数えられません。
dmarc-strict-fix = { $domain } のレコードから `aspf=s` を取り除くか、MAIL FROM にドメイン自身を使ってください。
dmarc-no-source = { $domain } のメールを送るアドレスが分からないため、確かめられません。
dmarc-simulated = { $ip } から送る { $domain } のメールは、SPF、DKIM、DMARC に関する限り、大手プロバイダーすべてに受け取られます。
dmarc-simulated-open = { $ip } から送る { $domain } のメールの扱いは DKIM 署名によりますが、セレクターが分かりません。
dmarc-simulated-rejected = { $ip } から送る { $domain } のメールは、次の受信側に拒否されます：{ $names }。
dmarc-simulated-junk = { $ip } から送る { $domain } のメールは、次の受信側で迷惑メールになります：{ $names }。
dmarc-simulated-fix = SPF でアドレスを許可し、{ $domain } として DKIM で署名してください。どちらが欠けているかは上の行に示されています。
dmarc-fate-open = 必要な問い合わせの一部に DNS が応答しませんでした。受信側はこのようなメールを後回しにします。
dmarc-fate-policy = 合格したもののうち { $domain } に属するものはなく、その場合の扱いはポリシーで決まります。
dmarc-fate-unauthenticated = SPF も DKIM も合格せず、メールを保証するものがありません。
dmarc-fate-bulk-spf = 大量に送信する場合は、SPF の合格が必要です。
dmarc-fate-bulk-dkim = 大量に送信する場合は、合格する DKIM 署名が必要です。
dmarc-fate-bulk-policy = 大量に送信する場合は、DMARC レコードが必要です。
dmarc-fate-bulk-alignment = 大量に送信する場合は、From のドメインについて SPF か DKIM の合格が必要です。
dmarc-both = { $ip } から送る { $domain } のメールは、SPF と DKIM の両方で DMARC に合格します。
dmarc-only-spf-known = { $ip } から送る { $domain } のメールは、SPF で DMARC に合格します。セレクターが分からないため、DKIM も保証しているかは分かりません。
dmarc-only-spf = { $ip } から送る { $domain } のメールは、SPF だけで DMARC に合格します。SPF は転送で失われるため、転送されたメールは不合格になります。
dmarc-only-spf-fix = { $domain } のメールに DKIM でも署名してください。
dmarc-only-dkim = { $ip } から送る { $domain } のメールは、DKIM だけで DMARC に合格します。メーリングリストや鍵の間違いひとつで失われます。
dmarc-only-dkim-fix = MAIL FROM に { $domain } かそのサブドメインを使い、送信元を許可する SPF レコードを公開してください。
dmarc-no-pass = { $ip } から送る { $domain } のメールは DMARC に合格しないか、ポリシーが適用されません。ほかの検査を見てください。
