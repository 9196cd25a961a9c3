### auth

## SPF

spf-domain-malformed = `{ $domain }` は二つ以上のラベルからなるドメイン名ではないため、SPFレコードの問い合わせ先がありません。
spf-record-found = このドメインはレコード `{ $record }` を公開しています。
spf-record-absent = { $domain } のTXTレコード{ $count }件のうち、`v=spf1` で始まるものがありません。このドメインは、どこから送信してよいかを示していません。
spf-record-void = { $domain } にTXTレコードがありません({ $error })。このドメインは、どこから送信してよいかを示していません。
spf-record-multiple = { $domain } に `v=spf1` で始まるレコードが{ $count }件あります。受信側はどれかを選ぶことができず、すべて無効になります。一つにまとめてください。
spf-dns-error = { $name } の問い合わせに失敗しました({ $error })。後で結果が変わる可能性があります。
spf-name-invalid = `{ $name }` はDNSで問い合わせできない名前です(空または長すぎるラベルがあります)。存在しない名前として扱います。
spf-void = { $name } に該当するレコードがありません({ $error })。このような空の応答は、一回の評価で二回までしか許されません。
spf-all = `all` はすべてのアドレスに一致します。
spf-network-match = アドレス { $ip } は { $network } に含まれます。
spf-network-no-match = アドレス { $ip } は { $network } に含まれません。
spf-network-other-family = { $network } は { $ip } とアドレスの種類(IPv4とIPv6)が違うため、一致しません。
spf-include-pass = { $target } のレコードがこのアドレスを許可しているため、一致します。
spf-include-no-pass = { $target } のレコードの結果は { $result } です。includeは結果がpassのときだけ一致します。
spf-include-error = { $target } のレコードの結果は { $result } です。include先のエラーは全体のエラーになります。
spf-include-none = { $target } にSPFレコードがないため、これをincludeするレコードは誤りです。includeを削除するか、レコードを公開してください。
spf-address-match = { $name } のアドレスが { $ip } に一致します({ $network })。
spf-address-no-match = { $name } のアドレス({ $addresses })は { $ip } に一致しません。
spf-mx-match = { $name } のMXホスト { $host } のアドレスが { $ip } に一致します({ $network })。
spf-mx-no-match = { $name } のMXホスト({ $hosts })のアドレス({ $addresses })は { $ip } に一致しません。
spf-mx-limit = { $name } のMXホストは{ $count }台ですが、SPFがアドレスを調べてよいのは{ $limit }台までです。
spf-ptr-void = { $ip } には逆引きの名前がありません({ $error })。
spf-ptr-match = { $ip } の逆引き名 { $name } は正引きでも同じアドレスを指し、{ $target } に属しています。
spf-ptr-no-match = { $ip } の逆引き名({ $names })のうち、{ $target } に属し、かつ正引きで同じアドレスを指すものはありません。
spf-exists-match = { $name } は存在します({ $addresses })。
spf-lookup-limit = 一回の評価でDNSを問い合わせてよい項目は{ $limit }個までですが、それを超えました。受信側はここでエラーとして評価を打ち切ります。レコードを短くしてください。
spf-void-limit = 一回の評価で許される空の応答は{ $limit }回までですが、それを超えました。存在しない名前を指す項目を削除してください。
spf-redirect = ここまで何も一致しなかったため、{ $target } のレコードで決まります。結果は { $result } です。
spf-redirect-none = ここまで何も一致せず { $target } のレコードで決まるはずですが、SPFレコードがありません。公開するか、redirectを直してください。
spf-default-neutral = { $domain } のどの項目にも一致せず、レコードが `all` で終わっていません。このドメインは、このアドレスを認めも否定もしていません。
spf-explanation = ドメイン側による拒否理由の説明:「{ $text }」
spf-explanation-unusable = { $name } に使える説明文がありません(正しい形のASCIIのTXTレコードが一件だけ必要です)。判定結果は変わりません。
spf-syntax-version = レコードは `v=spf1` と空白で始まる必要がありますが、`{ $term }` で始まっています。
spf-syntax-character = { $column }文字目: `{ $term }` に、表示可能なASCII文字以外の文字があります。SPFレコードでは使えません。
spf-syntax-unknown-mechanism = { $column }文字目: `{ $term }` という機構(mechanism)はありません。使えるのは all、include、a、mx、ptr、ip4、ip6、exists です。
spf-syntax-modifier-name = { $column }文字目: `{ $term }` には等号がありますが、その前が修飾子(modifier)の名前になっていません。
spf-syntax-unexpected-argument = { $column }文字目: `{ $term }` には、この機構が取らない引数があります。
spf-syntax-missing-argument = { $column }文字目: `{ $term }` に必要な引数がありません。
spf-syntax-domain-end = { $column }文字目: `{ $term }` のドメイン名が `.org` のようなトップレベルドメインで終わっていません。
spf-syntax-address-as-domain = { $column }文字目: `{ $term }` では、ドメイン名を書く場所にアドレスが書かれています。`ip4:` に続けてアドレスを書いてください。
spf-syntax-network = { $column }文字目: `{ $term }` のネットワークアドレスが不完全か、正しい形ではありません。
spf-syntax-prefix-length = { $column }文字目: `{ $term }` のプレフィックス長が正しくありません(IPv4は32まで、IPv6は128まで、先頭に0は付けられません)。
spf-syntax-macro = { $column }文字目: `{ $term }` に、マクロになっていないパーセント記号があります。
spf-syntax-macro-letter = { $column }文字目: `{ $term }` に、存在しないか、ここでは使えないマクロ文字があります。
spf-syntax-duplicate = { $column }文字目: `{ $term }` は二つ目です。`redirect=` と `exp=` は一つのレコードにそれぞれ一つしか書けません。

## Reverse DNS

iprev-no-name = { $ip } に逆引きの名前がありません({ $error })。このようなアドレスからのメールは多くの受信側が拒否します。PTRレコードは、アドレスの所有者が公開できます。
iprev-names = { $ip } の逆引き名は { $names } です。
iprev-confirmed = { $name } の正引きが { $ip } を指しており、逆引き名を確認できました。
iprev-other-address = { $name } の正引きは { $ip } ではなく { $addresses } を指しています。
iprev-no-address = { $name } に同じ種類のアドレスがなく({ $error })、{ $ip } を指していません。
iprev-dns-error = { $name } の問い合わせに失敗しました({ $error })。後で結果が変わる可能性があります。

## DMARC

dmarc-record-found = レコードは `{ $record }` です。
dmarc-record-multiple = { $domain } に DMARC レコードが{ $count }件あります。受信側はすべて破棄します。一つだけ残してください。
dmarc-record-other = { $domain } のこの名前にTXTレコードが{ $count }件ありますが、正確に `v=DMARC1` で始まるものはありません。
dmarc-record-absent = { $domain } は DMARC レコードを公開していません({ $error })。
dmarc-dns-error = { $domain } の DMARC レコードの問い合わせに失敗しました({ $error })。後で結果が変わる可能性があります。
dmarc-organizational-domain = { $domain } の組織ドメインは { $organizational } です。
dmarc-no-record = { $domain } にもその上位ドメインにも、適用される DMARC レコードがありません。
dmarc-tag-unknown = `{ $name }` は DMARC のタグではないため、無視されます。
dmarc-tag-removed = `{ $name }` は DMARC から廃止され、現在の受信側は無視します。削除してください(`pct=0` の代わりには `t=y` と書きます)。
dmarc-tag-invalid = `{ $value }` は `{ $name }` の値として使えないため、このタグは無視されます。
dmarc-tag-repeated = `{ $name }` がレコードに二つ以上あるため、どの値も採用されません。
dmarc-policy = { $domain } のポリシーは `{ $tag }` で決まり、{ $policy } です。
dmarc-policy-missing = レコードに `p` がないため、{ $domain } のポリシーは none になります。古い受信側はこのようなレコードを無視します。none のつもりなら `p=none` と書いてください。
dmarc-policy-unusable = { $domain } のレコードはポリシーを読み取れず、レポートの送り先もないため、DMARC はまったく適用されません。ポリシーを直してください。
dmarc-policy-replaced = { $domain } のレコードはポリシーを読み取れませんが、レポートの送り先があるため `p=none` として扱います。ポリシーを直してください。
dmarc-testing = このドメインは試験中(`t=y`)のため、{ $policy } の代わりに { $lowered } が適用されます。
dmarc-exists = { $domain } はDNSに存在するため、存在するサブドメイン用のポリシーが適用されます。
dmarc-exists-not = { $domain } はDNSに存在しないため、存在しないサブドメイン用のポリシーが適用されます。
dmarc-existence-unknown = { $domain } が存在するかどうかを確認できなかったため({ $error })、どのポリシーが適用されるか決まりません。
dmarc-no-author = メッセージにドメインを持つ From フィールドがないため、DMARC で守る対象がありません。
dmarc-from-malformed = From フィールドが複数あるか、読み取れない形のため、どの作成者が表示されるか分かりません。このようなメッセージは合格できません。
dmarc-several-authors = From フィールドに{ $count }個のドメインがあります。それぞれを検査し、すべてが合格したときだけ合格とします。不合格のものがあれば、その中で最も厳しいポリシーが適用されます。
dmarc-too-many-authors = From フィールドに{ $count }個のドメインがありますが、検査するのは{ $limit }個までのため、このメッセージは合格できません。
dmarc-identifier-not-pass = { $domain } の { $method } の結果は { $result } です。作成者の証明になるのは pass だけです。
dmarc-aligned-same = { $domain } は作成者のドメインそのものです。
dmarc-aligned-relaxed = { $domain } と { $author } は同じ組織ドメイン { $organizational } に属しています。
dmarc-not-aligned-strict = { $domain } は { $author } と同じではなく、レコードは完全な一致を求めています。
dmarc-not-aligned-elsewhere = { $domain } は { $author } の組織ドメイン { $organizational } の外にあります。検査には合格しましたが、別の組織の証明です。
dmarc-not-aligned-relaxed = { $domain } の組織ドメインは { $found }、{ $author } の組織ドメインは { $organizational } です。検査には合格しましたが、別の組織の証明です。
dmarc-alignment-open = 問い合わせに失敗したため、{ $domain } と { $author } が同じ組織かどうか決まりません。
dmarc-temperror = DNSの障害のため、{ $domain } からのメッセージの合否を決められません。後で再試行すれば決まる可能性があります。
dmarc-not-applied = { $domain } に DMARC は適用されません。所有者は何も求めていません。
dmarc-pass = { $domain } に属するドメインが、このメッセージを証明しています。
dmarc-fail = 合格したものの中に { $domain } に属するドメインがありません。所有者が求める扱いは { $policy } です。
