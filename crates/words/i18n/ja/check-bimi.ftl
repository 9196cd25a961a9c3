# 診断、`bimi` の検査。
check-bimi-record = ブランドの画像が見つかる
check-bimi-record-about = 一部のプロバイダーがメールの横にブランドの画像を表示するための BIMI レコードを読みます。まだ標準ではなく、配信には影響しません。
check-bimi-dmarc = DMARC ポリシーが画像の表示を許している
check-bimi-dmarc-about = ドメイン、その組織、サブドメインでポリシーが実際に適用されているかを調べます。そうでなければ画像は表示されません。
check-bimi-svg = 画像が形式に従っている
check-bimi-svg-about = 画像を取得して読みます。SVG Tiny PS 形式で、正方形、タイトル付き、32 KiB 以内で、実行や取得を伴う内容を含まない必要があります。
check-bimi-cert = 証明書が画像を保証している
check-bimi-cert-about = マーク証明書を取得し、誰の、どの画像について、いつまで有効かを調べます。Gmail と iCloud は証明書がある場合だけ画像を表示します。認証局を信頼するかどうかは各社が決めることで、ここでは調べません。
bimi-none = { $domain } は BIMI レコードを公開していません。公開しなくても困ることはありません。
bimi-several = { $name } には BIMI レコードが { $count } 件あるため、どれも使われません。
bimi-record = { $domain } には BIMI レコードがあります。
bimi-declined = { $domain } の BIMI レコードは、画像がないことを示しています。
bimi-version = { $name } のレコードが `v=BIMI1` で始まっていません。
bimi-tag = { $name } のレコードの `{ $tag }` はタグではないか、重複しています。
bimi-no-picture = { $name } のレコードに `l=` がなく、画像が指定されていません。
bimi-not-https = `{ $uri }` は `https://` で始まるアドレスではありません。
bimi-preference = `avp={ $value }` は `brand` でも `personal` でもありません。
bimi-record-fix = { $name } のレコードを直してください。`v=BIMI1; l=` に画像のアドレス、`a=` に証明書のアドレスを書きます。
bimi-no-policy = { $domain } には DMARC ポリシーが適用されないため、画像は表示されません。
bimi-policy = { $domain } の DMARC ポリシーは画像の表示を許しています。
bimi-policy-none = { $domain } の DMARC ポリシーが none のため、画像は表示されません。
bimi-policy-sp = { $domain } のサブドメインの DMARC ポリシーが none のため、画像は表示されません。
bimi-policy-testing = { $domain } の DMARC レコードの `t=y` によってポリシーが none に下がるため、画像は表示されません。
bimi-policy-percent = { $domain } の DMARC レコードの `pct` が 100 未満です。現在の受信側は無視しますが、Gmail は画像を表示しません。
bimi-policy-fix = { $domain } のメールが DMARC に合格するようになったら、quarantine か reject のポリシーを公開してください。
bimi-not-fetched = 外部への接続が無効なため、{ $uri } を取得していません。
bimi-fetch-failed = { $uri } を取得できませんでした：{ $error }
bimi-status = { $uri } に対するウェブサーバーの応答は { $status } です。プロバイダーはリダイレクトをたどりません。
bimi-svg = { $uri } の画像は形式に従っています。
bimi-svg-large = 画像が { $most } オクテットを超えています（受信 { $octets } オクテット）。大きすぎる画像を受け付けないプロバイダーがあります。
bimi-svg-type = ウェブサーバーは { $uri } の種類を `{ $kind }` としていますが、`image/svg+xml` である必要があります。
bimi-svg-not-text = 画像がテキストではありません。圧縮されている可能性がありますが、プロバイダーはそれを想定していません。
bimi-svg-not-xml = 画像の { $at } オクテット目以降を XML として読み取れません。
bimi-svg-doctype = 画像に文書型宣言（`<!DOCTYPE`）がありますが、この形式では許されません。
bimi-svg-not-svg = 画像の最も外側の要素が `svg` ではありません。
bimi-svg-profile = 画像に `baseProfile="tiny-ps"` がありません。
bimi-svg-version = 画像に `version="1.2"` がありません。
bimi-svg-moved = 最も外側の要素に `x` か `y` がありますが、この形式では許されません。
bimi-svg-title = 画像に `title` がありません。画像を見られない人に、誰のものかを伝えるために必要です。
bimi-svg-square = 画像が正方形ではないか、大きさが示されていません。
bimi-svg-element = 画像に要素 `{ $name }` がありますが、この形式では許されません。
bimi-svg-event = 画像に処理を実行する属性 `{ $name }` がありますが、この形式では許されません。
bimi-svg-outside = 画像が外部の `{ $uri }` を参照していますが、この形式では許されません。
bimi-svg-too-much = 画像の要素が多すぎるか、入れ子が深すぎます。
bimi-svg-fix = 画像を SVG Tiny PS 形式で保存してください。ほかの SVG から変換するプログラムがいくつかあります。
bimi-no-certificate = { $domain } のレコードには証明書の指定がありません。Yahoo はそれでも画像を表示しますが、Gmail と iCloud は表示しません。
bimi-cert = { $domain } の画像の証明書は { $ends } まで有効です。プロバイダーが認証局を信頼するかどうかは調べていません。
bimi-cert-no-pem = { $domain } のファイルに証明書がありません。PEM 形式である必要があります。
bimi-cert-unreadable = { $domain } の証明書を読み取れません。
bimi-cert-other = { $domain } の証明書はマーク用（VMC または CMC）ではなく、別の用途のものです。
bimi-cert-early = 証明書は { $begins } から有効で、まだ始まっていません。
bimi-cert-expired = 証明書の有効期限（{ $ends }）が切れています。
bimi-cert-names = 証明書は { $names } のもので、{ $domain } のものではありません。
bimi-cert-no-picture = { $domain } の証明書に画像が含まれていません。
bimi-cert-picture = 証明書に含まれる画像が、{ $domain } のレコードが示す画像と違います。
bimi-cert-soon = 証明書はあと { $days } 日で期限が切れます。
bimi-cert-alone = { $domain } のファイルには証明書が 1 つしかありません。上位の証明書も後ろに並べる必要があります。
bimi-cert-fix = { $domain } の証明書を発行し直し、そこに含まれる画像を公開してください。
