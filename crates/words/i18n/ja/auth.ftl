### 判定とその手順。

auth-steps-left-out = このドメインのレコードが非常に長いため、判定の保存時に、ここにあった手順 { $count } 件を省きました。

## DKIM

dkim-none = DKIM-Signature フィールドがありません。このメールの内容を保証するドメインはありません。
dkim-pass = { $domain } がこのメールに署名しています（セレクター { $selector }）。署名されたヘッダーフィールドと本文は、署名時のままです。
dkim-fail-body = { $domain } の署名は本物ですが、本文が署名時のものと違います。配送の途中で変更されています。たとえば、メーリングリストがフッターを付け加えるとこうなります。
dkim-fail-header = 本文は { $domain } が署名したものと同じですが、署名対象のヘッダーフィールドと署名が合いません。途中でいずれかが変更されたか、公開されている鍵とは別の鍵で署名されています。
dkim-fail-both = 本文もヘッダーフィールドも、{ $domain } が署名したものと違います。または、この署名はそもそも { $domain } のものではありません。
dkim-too-many-signatures = このメールには署名が { $found } 個あります。最初の { $limit } 個だけを調べ、残りは無視しました。検証の手間を他人が際限なく増やせないようにするためです。
dkim-header-section = ヘッダー部を読めないため、署名を検証できません：{ $error }
dkim-signature-found = { $domain } が署名したとされています。セレクター { $selector }、{ $algorithm }、正規化 { $header }/{ $body }、署名対象のフィールド：{ $fields }
dkim-tag-malformed = `{ $text }` は `名前=値` の形ではないため、タグリストを読めません。
dkim-tag-duplicate = タグ `{ $tag }=` が二度現れるため、タグリストは無効です。
dkim-tag-too-many = タグが { $limit } 個を超えています。
dkim-tag-missing = 署名に必須のタグ `{ $tag }=` がありません。
dkim-value-malformed = `{ $tag }=` の値を読めません：`{ $value }`
dkim-version-unknown = 署名のバージョンが `{ $version }` です。存在するのはバージョン 1 だけです。
dkim-algorithm-historic = 署名に rsa-sha1 が使われています。現在では偽造できるため、この署名は失敗として扱います。rsa-sha256 で署名してください。
dkim-algorithm-unknown = 署名アルゴリズム `{ $algorithm }` には対応していません。対応しているのは rsa-sha256 と ed25519-sha256 です。
dkim-canonicalization-unknown = 正規化方式 `{ $value }` には対応していません。対応しているのは `simple` と `relaxed` です。
dkim-query-unknown = 鍵の問い合わせ方法 `{ $query }` には対応していません。対応しているのは `dns/txt` です。
dkim-from-not-signed = From フィールドが署名の対象に入っていないため、誰が書いたメールかを何も保証しません。
dkim-identity-outside = 署名者の識別子のドメイン { $identity } は、{ $domain } でもその下位でもありません。
dkim-expiry-before-time = 署名の期限（{ $expiry }）が、署名した時刻（{ $time }）より前になっています。
dkim-expired = 署名の期限は { $expiry } で、すでに切れています。
dkim-not-expired = 署名は { $expiry } まで有効です。
dkim-time-future = 署名の時刻が未来（{ $time }）です。相手かこちらの時計がずれています。
dkim-key-none = { $name } に鍵がありません（{ $answer }）。そこに鍵を公開するか、鍵を公開済みのセレクターで署名してください。
dkim-key-unavailable = { $name } の鍵を問い合わせできませんでした（{ $error }）。後で試すと成功する可能性があります。
dkim-key-alias = { $name } は別名で、鍵は { $target } にあります。
dkim-key-several = { $name } に TXT レコードが { $count } 件あります。本来は 1 件です。最大 { $limit } 件まで試しますが、1 件しか見ない受信側もあります。鍵でないものは削除してください。
dkim-key-found = { $name } に鍵があります：{ $type }、{ $bits } ビット
dkim-key-testing = このドメインは DKIM を試験中です（`t=y`）。失敗しても、それを理由にメールを不利に扱ってはいけません。
dkim-key-granularity = 鍵レコードに `g={ $value }` があります。古い DKIM では鍵を特定のローカルパートに限るためのものでしたが、今の受信側は無視するため、この鍵はドメイン全体の署名に使えます。レコードからこのタグを取り除いてください。
dkim-key-revoked = 鍵は取り消されています。レコードの `p=` が空です。
dkim-key-type-mismatch = 鍵の種類は { $found } ですが、署名には { $wanted } が必要です。
dkim-key-type-unknown = 鍵の種類 `{ $type }` には対応していません。
dkim-key-hash-mismatch = この鍵で使えるハッシュは { $hashes } だけですが、署名は sha256 を使っています。
dkim-key-not-for-email = この鍵はメール用ではありません。レコードの `s=` は別のサービスを指定しています。
dkim-key-identity-strict = この鍵はドメインそのものの署名にしか使えません（`t=s`）。識別子のドメイン { $identity } は { $domain } と一致しません。
dkim-key-version-unknown = 鍵の名前にあるレコードのバージョンが `{ $version }` です。鍵のレコードなら `DKIM1` です。
dkim-key-version-not-first = 鍵のレコードで `v=` が先頭にないため、レコードは無効です。
dkim-key-without-p = レコードに `p=` がなく、鍵がありません。
dkim-key-not-base64 = レコードの鍵（`p=`）が base64 として正しくありません。公開するときに一部が欠けたか、引用符が紛れ込んだことが多いです。
dkim-key-unreadable = レコードでは鍵の種類が { $type } となっていますが、中身はその鍵として読めません。公開するときに一部が欠けたことが多いです。
dkim-key-weak = 鍵が { $bits } ビットです。{ $least } ビット未満の鍵は破られるおそれがあるため、署名は有効と認められません。2048 ビットの鍵を作ってください。
dkim-key-too-long = 鍵が { $bits } ビットです。{ $most } ビットを超える鍵には対応していません。
dkim-body-match = 本文のハッシュは署名に書かれた値と一致します（{ $canonicalization }）：{ $hash }
dkim-body-mismatch = 本文が署名時のものと違います。署名に書かれたハッシュは { $claimed }、届いた本文のハッシュは { $computed } です（{ $canonicalization }）。
dkim-body-other = 署名は { $declared } を宣言していますが、{ $canonicalization } で正規化すると本文のハッシュが一致します。違いは空白か行末だけです。
dkim-body-shorter = 署名は本文の { $length } バイトを対象としています（`l=`）が、届いたのは { $total } バイトだけです。末尾が欠けています。
dkim-body-length = 署名の対象は、本文 { $total } バイトのうち最初の { $length } バイトだけです（`l=`）。残りの { $unsigned } バイトは誰も署名しておらず、誰でも付け加えられます。
dkim-body-length-whole = 署名の対象は本文の { $length } バイトです（`l=`）。今は本文全体にあたりますが、後ろに何かを付け加えても署名は通ってしまいます。`l=` を付けずに署名してください。
dkim-body-length-replaces = このメールの種類は `{ $type }` です。署名された部分の後ろに加えられたものが、それを隠したり、画面上で置き換えたりできるため、読み手の目に署名された内容が触れないこともあります。表示される内容について、この署名を信用しないでください。
dkim-body-length-type-unsigned = Content-Type フィールドも署名されていません。本文に付け加えた人は、本文を HTML やマルチパートに変えて、署名された部分を表示させないようにもできます。
dkim-header-match = 署名は、対象のヘッダーフィールド（名前 { $count } 個）と合っています。
dkim-header-mismatch = 署名が、対象のヘッダーフィールド（{ $fields }）と合いません。いずれかが変更、追加、削除されたか、署名に使われた鍵がこの鍵ではありません。
dkim-header-other = 署名は { $declared } を宣言していますが、{ $canonicalization } で正規化すると合います。署名したソフトウェアが宣言どおりに動いていません。
dkim-field-unsigned = { $field } フィールドが { $present } 個ありますが、署名の対象は下から { $signed } 個だけです。誰も署名していないものが読み手に表示されるおそれがあります。
dkim-changed-body = { $domain } の署名は本物ですが、署名の後で{ $body ->
        [footer] 本文の末尾に行が付け加えられました
        [banner] 本文の先頭に通知文が入れられました
        [part-footer] 本文のパートの末尾に文字が付け加えられました
        [part-banner] 本文のパートの先頭に通知文が入れられました
        [part-appended] 本文にパートが付け加えられました
        [wrapped] 本文がマルチパートの中に入れられました
        [white-space] 本文の空白が変わりました
        [lines] 本文の行頭の文字が変わりました
        [long-lines] 本文の長い行が途中で切られました
        [line-ends] 本文の改行が変わりました
        [encoding] 本文の転送エンコーディングが変わりました
        [several] 本文が複数の点で変わりました
       *[unknown] 本文が変わりました（元に戻して確かめることはできませんでした）
    }。
dkim-changed-header = { $header ->
        [form] { $domain } の署名は本物で、人が読む内容も変わっていませんが、ヘッダーフィールドの形（空白、折り返し、名前の大文字と小文字）が変わりました
        [genuine] 本文は正しく、署名も { $domain } の鍵で作られていますが、署名の後で署名対象のヘッダーフィールドが変えられました
       *[changed] { $domain } の署名は本物ですが、署名の後で署名対象のヘッダーフィールドが変えられました：{ $fields }
    }。
dkim-changed-both = { $header ->
        [unknown] 本文が、そしておそらくヘッダーフィールドも、{ $domain } が署名したものと違います
       *[genuine] { $domain } の署名は本物ですが、署名の後でメールが変えられました
    }。{ $body ->
        [footer] 本文の末尾に行が付け加えられました
        [banner] 本文の先頭に通知文が入れられました
        [part-footer] 本文のパートの末尾に文字が付け加えられました
        [part-banner] 本文のパートの先頭に通知文が入れられました
        [part-appended] 本文にパートが付け加えられました
        [wrapped] 本文がマルチパートの中に入れられました
        [white-space] 本文の空白が変わりました
        [lines] 本文の行頭の文字が変わりました
        [long-lines] 本文の長い行が途中で切られました
        [line-ends] 本文の改行が変わりました
        [encoding] 本文の転送エンコーディングが変わりました
        [several] 本文が複数の点で変わりました
       *[unknown] 本文が変わりました（元に戻して確かめることはできませんでした）
    }。{ $header ->
        [changed] 署名対象のヘッダーフィールドも変えられました：{ $fields }
        [form] ヘッダーフィールドの形（空白、折り返し、名前の大文字と小文字）も変わりました
        [genuine] 署名対象のヘッダーフィールドも変えられました
       *[unknown] ヘッダーフィールドも署名と合いません
    }。
dkim-fail-foreign = この署名は、{ $domain } が公開している鍵で作られたものではありません。別の鍵で作られたか、署名そのものが壊れているか、でたらめです。
dkim-fail-other-hash = この署名は { $domain } の鍵で作られていますが、`a=` に書かれたものとは別のハッシュ関数が使われています。署名したソフトウェアの誤りです。
dkim-body-added = 証明済み：本文の最後の { $lines } 行（「{ $text }」で始まる部分）を除くと、本文のハッシュが一致します。メーリングリストか中継サーバーがフッターを付け加えています。
dkim-body-banner = 証明済み：本文の先頭にある通知文「{ $text }」を除くと、本文のハッシュが一致します。署名の後で中継サーバーが入れたものです。
dkim-body-part-added = 証明済み：{ $part } パートの末尾にある「{ $text }」以降を除くと、本文のハッシュが一致します。メーリングリストか中継サーバーが、メールの中にフッターを付け加えています。
dkim-body-part-banner = 証明済み：{ $part } パートの先頭にある通知文「{ $text }」を除くと、本文のハッシュが一致します。署名の後で中継サーバーが入れたものです。
dkim-body-part-appended = 証明済み：マルチパートの最後のパート「{ $text }」を除くと、本文のハッシュが一致します。メーリングリストがフッターを独立したパートとして付け加えています。
dkim-body-wrapped = 証明済み：署名された本文は、このメールの { $part } パートです。メーリングリストが自分のパートを並べるために、新しいマルチパートの中に入れています。
dkim-body-from-escaped = 証明済み：行頭の `>From ` を `From ` に戻すと、本文のハッシュが一致します。途中のメールボックスファイルで書き換えられています。そのような行は quoted-printable で書いてください。
dkim-body-dots-doubled = 証明済み：行頭の二つのドットを一つに戻すと、本文のハッシュが一致します。SMTP が求めるドットの二重化（RFC 5321 section 4.5.2）を、途中のプログラムが元に戻していません。
dkim-body-dots-halved = 証明済み：行頭のドットを二重にすると、本文のハッシュが一致します。署名側が SMTP の二重化したドットを含めてハッシュを計算したか、途中のプログラムが二重化ではないドットを減らしています。
dkim-body-blank-ends = 証明済み：行末の空白を除くと、本文のハッシュが一致します。空白は途中で付け加えられたものです。relaxed の正規化なら無視されます。
dkim-body-signature-blank = 証明済み：署名文の区切り `--` の後ろに空白を戻すと、本文のハッシュが一致します。途中のプログラムが行末の空白を取り除いています。relaxed の正規化なら無視されます。
dkim-body-tabs = 証明済み：行頭の空白をタブに戻すと、本文のハッシュが一致します。途中のプログラムがタブを空白に変えています。relaxed の正規化なら無視されます。
dkim-body-long-lines = 証明済み：切られた長い行をつなぎ直すと、本文のハッシュが一致します。SMTP の行は最大 998 バイト（RFC 5321 section 4.5.3.1.6）なので、中継サーバーが切っています。行を短くするか、quoted-printable か base64 で送ってください。
dkim-body-line-ends = 証明済み：改行を変えると、本文のハッシュが一致します。メールは CRLF で送られるのに署名側が LF だけでハッシュを計算したか、途中のプログラムが改行を変えています。送るそのままの内容に署名してください。
dkim-body-recoded = 証明済み：{ $found } ではなく { $signed } で書くと、本文のハッシュが署名と一致します。中継サーバーかメーリングリストが転送エンコーディングを変えています。変える必要のない 7 ビットのテキスト、quoted-printable、base64 のいずれかで送ってください。
dkim-header-genuine = 証明済み：この署名は { $domain } が公開している鍵で作られています。署名の後で、署名対象のヘッダーフィールドが変更、追加、削除されています。
dkim-header-foreign = 証明済み：{ $domain } のセレクター { $selector } の鍵では、この署名は作れません。レコードの鍵が署名に使われた鍵と違う（鍵を交換した、セレクターを間違えたなど）か、`b=` が壊れているか、署名がでたらめです。
dkim-header-other-hash = 証明済み：署名はこの鍵で作られていますが、`a=` が示す SHA-256 とは別の種類のハッシュが使われています。署名するソフトウェアの設定を調べてください。
dkim-header-added = 証明済み：フィールド `{ $field }: { $value }` を除くと署名と合います。署名の後で付け加えられたものです。
dkim-subject-tagged = 証明済み：件名の `{ $tag }` を除くと署名と合います。メーリングリストかフィルターが付けたものです。
dkim-subject-tagged-recoded = 証明済み：件名から `{ $tag }` を除き、encoded-word を元の書き方に戻すと署名と合います。メーリングリストかフィルターが付け、件名を書き直しています。
dkim-header-reordered = 証明済み：{ $field } フィールドの順番を逆にすると署名と合います。途中で並べ替えられています。
dkim-header-recased = 証明済み：フィールドの名前を `{ $field }` と書くと署名と合います。途中で名前の大文字と小文字が変えられています。relaxed の正規化なら無視されます。
dkim-header-refolded = 証明済み：ヘッダーフィールドの折り返しと空白を戻すと署名と合います。途中で折り返しが変えられています。relaxed の正規化なら無視されます。
dkim-header-copied = 証明済み：署名には、署名時の { $field } の写し「{ $signed }」（`z=`）があり、それとは合います。届いたのは「{ $came }」です。
dkim-header-replaced = 証明済み：{ $source } に残っている { $field }「{ $signed }」に戻すと署名と合います。届いたのは「{ $came }」で、途中で置き換えられています。
dkim-from-rewritten = 証明済み：From を「{ $signed }」に戻すと署名と合います。届いたのは「{ $came }」です。差出人のままでは DMARC で拒否されるため、メーリングリストが自分のアドレスに書き換えています。
dkim-header-address-added = 証明済み：{ $field } からアドレス { $address } を除くと署名と合います。返信が差出人に届くように、メーリングリストが加えたと考えられます。
dkim-header-quoted = 証明済み：{ $field } を「{ $signed }」と書くと署名と合います。同じ名前とアドレスが途中で別の書き方「{ $came }」に変えられています。
dkim-header-encoded-words = 証明済み：{ $field } を「{ $signed }」と書くと署名と合います。同じ文字列が途中で別の encoded-word「{ $came }」に書き直されています。
dkim-header-parameters = 証明済み：Content-Type を「{ $signed }」と書くと署名と合います。途中で「{ $came }」に書き直されています。
dkim-header-encoding = 証明済み：Content-Transfer-Encoding を `{ $signed }` に戻すと署名と合います。届いたのは `{ $came }` です。中継サーバーかメーリングリストが本文のエンコーディングを変えています。
dkim-header-wrapped = 証明済み：最初のパートの { $field }「{ $signed }」に戻すと署名と合います。届いたのは「{ $came }」で、メールが新しいマルチパートの中に入れられています。
dkim-header-rewritten = 証明済み：{ $field } を「{ $signed }」に戻すと署名と合います。届いたのは「{ $came }」です。
dkim-header-removed = 証明済み：フィールド `{ $field }: { $signed }` を加えると署名と合います。途中で取り除かれています。
dkim-possible-list = 可能性（未証明）：このメールはメーリングリストを通っています（`{ $field }: { $value }`）。メーリングリストは件名、From、Reply-To、本文をよく変えます。
dkim-possible-links = 可能性（未証明）：本文のリンク先が { $host } になっています。検査サービスが元のリンクを書き換えるときに使う名前です。元のリンクを知ることはできません。
dkim-possible-recoding = 可能性（未証明）：中継サーバーが、転送エンコーディングを変換したと書いています（X-MIME-Autoconverted: { $value }）。
dkim-possible-filter = 可能性（未証明）：フィルターがこのメールを検査しています（`{ $field }: { $value }`）。独自の文を付け加えるものもあります。
dkim-possible-charset = 可能性（未証明）：本文に置換文字（U+FFFD）があります。文字を読めなかったプログラムが入れるもので、文字コードの変換で壊れたと考えられます。
dkim-possible-missing = 可能性（未証明）：署名が対象としているヘッダーフィールド（{ $fields }）が、このメールにありません。途中で取り除かれた可能性があります。
dkim-search-ended = 失敗の説明になりうることを、すべては試していません。一通のメールにかける手間には上限があります。
dkim-survive-relaxed = 壊れずに済んだはずの方法：relaxed/relaxed で正規化する署名なら、この変更は無視されます。
dkim-survive-length = 壊れずに済んだはずの方法：本文の先頭だけを対象とする `l=` 付きの署名です。ただし解決策にはなりません。誰でも好きな内容を付け加えられ、読み手には署名されたもののように見えるからです。
dkim-survive-nothing = どの正規化を選んでも、この変更には耐えられません。変えられた文字列は、どちらの方式でも署名の対象だからです。署名対象のフィールドと本文に手を加えないメーリングリストや中継サーバーを使うか、変更後に自分のドメインで署名し直し、From もそのドメインにするものを使うとよいでしょう。
dkim-survivor = 壊れずに残ったもの：{ $domains } の署名は合格しています。今のままのメールを対象としています。
dkim-survivor-arc = 壊れずに残ったもの：ARC の連鎖は完全で、変更の前にこの署名が合格していたと { $handler } が書いています。どこまで信じられるかは、最後に封をした { $sealer } をどこまで信じるかによります。
dkim-key-short = 鍵が { $bits } ビットです。まだ有効ですが短いので、{ $recommended } ビットの鍵を作り直してください。
dkim-body-hash-length = 証明済み：署名の本文ハッシュ（`bh=`）が { $found } バイトですが、SHA-256 のハッシュは { $wanted } バイトです。フィールドの一部が失われたか、署名したソフトウェアに誤りがあります。
dkim-header-signature-length = 証明済み：署名（`b=`）が { $found } バイトですが、公開されている鍵の署名なら { $wanted } バイトです。フィールドの一部が失われたか、別の鍵で署名されています。
dkim-slip-private = レコードに「秘密鍵」が入っているようです。誰でも読めるため、すぐに新しい鍵を作り、その公開鍵を別のセレクターで公開して、この鍵は取り消してください（`p=` を空にします）。
dkim-slip-pem = レコードに鍵ファイルの `-----BEGIN …-----` の行が入っています。その間にある base64 だけを、改行なしで公開してください。
dkim-slip-other-record = 鍵の名前に { $kind } のレコードがあります。その置き場所は別の名前です。ここには鍵のレコードを公開してください。
dkim-slip-zone-line = レコードにゾーンファイルの一行（名前、`IN TXT`、括弧）が入っています。引用符の中の文字列だけを、つなげて公開してください。
dkim-slip-backslash = レコードにバックスラッシュが入っています。DNS サービスによっては `\;` の `\` がそのまま残ります。バックスラッシュなしで公開してください。
dkim-slip-quotes = レコードに引用符が入っています。引用符はゾーンファイルの書き方であって、文字列の一部ではありません。引用符なしで公開してください。
dkim-slip-semicolon = タグの間のセミコロンがありません。`v=DKIM1; k=rsa; p=…` の形にしてください。
dkim-slip-several-p = 鍵がいくつもの `p=` に分かれています。`p=` は一つだけです。分けてよいのはレコードの文字列（最大 255 バイトずつ）だけです。
dkim-slip-base64url = 鍵が URL 用の文字（`-` と `_`）で書かれています。レコードでは `+` と `/` を使います。
dkim-slip-ed25519-info = Ed25519 の鍵が枠（SubjectPublicKeyInfo、44 バイト）ごと公開されています。DKIM のレコードに入れるのは鍵の 32 バイトだけ（base64 で 44 文字）です。
dkim-slip-ed25519-untyped = 鍵が Ed25519 と同じ 32 バイトですが、レコードに `k=ed25519` がありません。
dkim-slip-ed25519-length = Ed25519 の鍵は 32 バイトですが、レコードには { $found } バイトあります。一部が欠けているか、別の種類の鍵です。
dkim-slip-rsa-typed-ed25519 = レコードは `k=ed25519` ですが、入っているのは RSA の鍵です。`k=rsa` として公開してください。
dkim-slip-truncated = 鍵が途中で切れています。{ $wanted } バイトのはずが { $found } バイトしかありません。長いレコードは最大 255 バイトの文字列に分け、そのすべてを公開してください。

## SPF

spf-domain-malformed = `{ $domain }` は二つ以上のラベルからなるドメイン名ではないため、SPF レコードの問い合わせ先がありません。
spf-record-found = このドメインはレコード `{ $record }` を公開しています。
spf-record-absent = { $domain } の TXT レコード { $count } 件のうち、`v=spf1` で始まるものがありません。このドメインは、どこから送信してよいかを示していません。
spf-record-void = { $domain } に TXT レコードがありません（{ $error }）。このドメインは、どこから送信してよいかを示していません。
spf-record-multiple = { $domain } に `v=spf1` で始まるレコードが { $count } 件あります。受信側はどれかを選ぶことができず、すべて無効になります。一つにまとめてください。
spf-dns-error = { $name } の問い合わせに失敗しました（{ $error }）。後で結果が変わる可能性があります。
spf-name-invalid = `{ $name }` は DNS で問い合わせできない名前です（空または長すぎるラベルがあります）。存在しない名前として扱います。
spf-local-part-beyond-names = ローカルパート `{ $local_part }` には ASCII 以外の文字があります。DNS の名前はその文字から作れないため、`%{"{"}l{"}"}` や `%{"{"}s{"}"}` を含む項目はどのアドレスにも一致しません。
spf-void = { $name } に該当するレコードがありません（{ $error }）。このような空の応答は、一回の評価で二回までしか許されません。
spf-all = `all` はすべてのアドレスに一致します。
spf-network-match = アドレス { $ip } は { $network } に含まれます。
spf-network-no-match = アドレス { $ip } は { $network } に含まれません。
spf-network-other-family = { $network } は { $ip } とアドレスの種類（IPv4 と IPv6）が違うため、一致しません。
spf-include-pass = { $target } のレコードがこのアドレスを許可しているため、一致します。
spf-include-no-pass = { $target } のレコードの結果は { $result } です。include は結果が pass のときだけ一致します。
spf-include-error = { $target } のレコードの結果は { $result } です。include 先のエラーは全体のエラーになります。
spf-include-none = { $target } に SPF レコードがないため、これを include するレコードは誤りです。include を削除するか、レコードを公開してください。
spf-address-match = { $name } のアドレスが { $ip } に一致します（{ $network }）。
spf-address-no-match = { $name } のアドレス（{ $addresses }）は { $ip } に一致しません。
spf-mx-match = { $name } の MX ホスト { $host } のアドレスが { $ip } に一致します（{ $network }）。
spf-mx-no-match = { $name } の MX ホスト（{ $hosts }）のアドレス（{ $addresses }）は { $ip } に一致しません。
spf-mx-limit = { $name } の MX ホストは { $count } 台ですが、SPF がアドレスを調べてよいのは { $limit } 台までです。
spf-ptr-void = { $ip } には逆引きの名前がありません（{ $error }）。
spf-ptr-match = { $ip } の逆引き名 { $name } は正引きでも同じアドレスを指し、{ $target } に属しています。
spf-ptr-no-match = { $ip } の逆引き名（{ $names }）のうち、{ $target } に属し、かつ正引きで同じアドレスを指すものはありません。
spf-exists-match = { $name } は存在します（{ $addresses }）。
spf-lookup-limit = 一回の評価で DNS を問い合わせてよい項目は { $limit } 個までですが、それを超えました。受信側はここでエラーとして評価を打ち切ります。レコードを短くしてください。
spf-void-limit = 一回の評価で許される空の応答は { $limit } 回までですが、それを超えました。存在しない名前を指す項目を削除してください。
spf-redirect = ここまで何も一致しなかったため、{ $target } のレコードで決まります。結果は { $result } です。
spf-redirect-none = ここまで何も一致せず { $target } のレコードで決まるはずですが、SPF レコードがありません。公開するか、redirect を直してください。
spf-default-neutral = { $domain } のどの項目にも一致せず、レコードが `all` で終わっていません。このドメインは、このアドレスを認めも否定もしていません。
spf-steps-cut = レコードの項目が多すぎるため、{ $limit } 段階を超えた後は、一致しない項目をここに示しません。評価そのものは省いていません。
spf-modifier-unknown = `{ $name }` という修飾子（modifier）は SPF にないため、無視されます。機構（mechanism）のつもりなら、名前の後にコロンを書きます。
spf-explanation = ドメイン側による拒否理由の説明：「{ $text }」
spf-explanation-unusable = { $name } に使える説明文がありません（正しい形の ASCII の TXT レコードが一件だけ必要です）。判定結果は変わりません。
spf-syntax-version = レコードは `v=spf1` と空白で始まる必要がありますが、`{ $term }` で始まっています。
spf-syntax-character = { $column } 文字目：`{ $term }` に、表示可能な ASCII 文字以外の文字があります。SPF レコードでは使えません。
spf-syntax-unknown-mechanism = { $column } 文字目：`{ $term }` という機構（mechanism）はありません。使えるのは all、include、a、mx、ptr、ip4、ip6、exists です。
spf-syntax-modifier-name = { $column } 文字目：`{ $term }` には等号がありますが、その前が修飾子（modifier）の名前になっていません。
spf-syntax-unexpected-argument = { $column } 文字目：`{ $term }` には、この機構が取らない引数があります。
spf-syntax-missing-argument = { $column } 文字目：`{ $term }` に必要な引数がありません。
spf-syntax-domain-end = { $column } 文字目：`{ $term }` のドメイン名が `.org` のようなトップレベルドメインで終わっていません。
spf-syntax-address-as-domain = { $column } 文字目：`{ $term }` では、ドメイン名を書く場所にアドレスが書かれています。`ip4:` に続けてアドレスを書いてください。
spf-syntax-network = { $column } 文字目：`{ $term }` のネットワークアドレスが不完全か、正しい形ではありません。
spf-syntax-prefix-length = { $column } 文字目：`{ $term }` のプレフィックス長が正しくありません（IPv4 は 32 まで、IPv6 は 128 まで、先頭に 0 は付けられません）。
spf-syntax-macro = { $column } 文字目：`{ $term }` に、マクロになっていないパーセント記号があります。
spf-syntax-macro-letter = { $column } 文字目：`{ $term }` に、存在しないか、ここでは使えないマクロ文字があります。
spf-syntax-duplicate = { $column } 文字目：`{ $term }` は二つ目です。`redirect=` と `exp=` は一つのレコードにそれぞれ一つしか書けません。

## SPF レコードの調査

spf-survey-temperror = { $name } のレコードを問い合わせできなかったため（{ $error }）、何も判断できません。同じ応答を受けた受信側は、メールの受け取りを延期します。
spf-survey-temperror-term = `{ $term }` の指す { $name } を問い合わせできませんでした（{ $error }）。同じ応答を受けた受信側は、メールの受け取りを延期します。
spf-survey-exists = { $domain } に SPF レコードがありません（ほかの TXT レコード：{ $count } 件）。SPF でも DKIM でも確認できないメールは、大手の受信側に拒否されるか、迷惑メールに分類されます。
spf-survey-multiple = { $domain } に SPF レコードが { $count } 件あります。受信側はどれかを選んではならないため、すべて無効になり、どのメールでも SPF はエラーになります。一つのレコードに置き換えてください。
spf-survey-version = { $domain } のテキストは `v=spf1` と空白ではなく `{ $version }` で始まっているため、受信側は SPF レコードとみなしません。このドメインには SPF レコードがないことになります。
spf-survey-version-beside = { $domain } には SPF レコードのほかに、それによく似たテキストがあります：`{ $text }`。受信側は無視しますが、誰かが直すと二つ目のレコードになってしまいます。削除してください。
spf-survey-sender-id = { $domain } に Sender ID（`spf2.0`）のレコードが残っています。廃止された方式で、もう誰も調べません。削除してかまいません。
spf-survey-wrong-location = SPF レコードが { $name } にありますが、受信側が問い合わせるのは { $domain } そのもので、そこには何もありません：`{ $record }`
spf-survey-wrong-type = { $domain } の SPF レコードはタイプ SPF（99）だけです。受信側は TXT を問い合わせるため見つけられません。TXT として公開してください：`{ $record }`
spf-survey-type99 = { $domain } にタイプ SPF（99）のレコードがあります。廃止されたタイプで、誰も問い合わせず、いずれ TXT レコードと食い違うだけです。削除してください。
spf-survey-nonsending = { $domain } は誰にも送信を認めていません。メールを送らないドメインとして正しい設定です。次のレコードを加えると、DKIM、DMARC、MX を見る受信側にも同じことが伝わります。
spf-survey-string-split = { $domain } のレコードを構成する文字列は空白なしで連結されるため、二つの項目が `{ $term }` になっています。二つ目の文字列を空白で始めてください。
spf-survey-glued = { $column } 文字目：`{ $term }` の途中に空白が抜けているようです。名前の変わった一つの項目として読まれ、後ろの部分は効きません。
spf-survey-second-version = { $column } 文字目：レコードの途中に `{ $term }` があります。二つのレコードをつなげたように見えます。ここでは意味がないので、取り除いてください。
spf-survey-modifier-near = { $column } 文字目：`{ $term }` は SPF にない修飾子（modifier）として読まれ、無視されます。別の項目のつもりではありませんか。
spf-survey-mapped = { $column } 文字目：`{ $term }` が一致することはありません。IPv4 射影アドレスのクライアントは IPv4 として扱われるためです。IPv4 アドレスで書いてください。
spf-survey-final-dot = { $column } 文字目：`{ $term }` のドメイン名がドットで終わっています。書いてもよいのですが不要で、うまく扱えないソフトウェアもあります。
spf-survey-length = { $domain } のレコードは { $octets } バイトあります。{ $limit } バイトを超えると応答が従来の DNS パケットに収まらず、受け取れない受信側が出るおそれがあります。短くしてください。
spf-survey-length-near = { $domain } のレコードは { $octets } バイトあります。ほかの TXT レコードと合わせると、応答が従来の DNS パケットの { $limit } バイトを超えるおそれがあります。
spf-survey-lookups-over = { $domain } のレコードの評価には、DNS に問い合わせる項目が { $count } 個必要です。許されるのは { $limit } 個までです。それまでに一致しないアドレスからのメールは、`{ $under }` から達する { $place } のレコードの `{ $term }` でエラーになります。使わなくなったものを削除するか、一部の送信をサブドメインに移してください。
spf-survey-lookups-open = { $domain } のレコードの評価には、DNS に問い合わせる項目が { $least } 個より多く必要です（調査はそこで打ち切りました）。許されるのは { $limit } 個までです。それまでに一致しないアドレスからのメールは、`{ $under }` から達する { $place } のレコードの `{ $term }` でエラーになります。
spf-survey-incomplete = { $domain } のレコードの指す先が多すぎるか、失敗した問い合わせが多すぎるため、すべては調べられませんでした。DNS に問い合わせる項目は、{ $limit } 個までのうち少なくとも { $count } 個です。
spf-survey-lookups-near = { $domain } のレコードの評価には、DNS に問い合わせる項目が { $limit } 個までのうち { $count } 個必要です。提供元が自分のレコードに include を一つ加えるだけで、限度を超えるおそれがあります。
spf-survey-lookups-told = { $domain } のレコードの評価には、DNS に問い合わせる項目が { $limit } 個までのうち { $count } 個必要です。別のサービスを加える余裕はあまりありません。
spf-survey-void-over = { $domain } のレコードが問い合わせる名前のうち { $count } 個は、存在しないか空です。このような応答は { $limit } 回までしか許されません。それまでに一致しないアドレスからのメールはエラーになります。削除してください：{ $names }
spf-survey-void = { $domain } のレコードが問い合わせる名前のうち { $count } 個は、存在しないか空です。このような応答は { $limit } 回まで許されますが、二回目で打ち切る受信側もあります。削除してください：{ $names }
spf-survey-void-ipv6 = クライアントのアドレスが IPv6 の場合、{ $domain } のレコードが問い合わせる名前のうち { $count } 個には該当するアドレスがありません。このような空の応答は { $limit } 回までしか許されないため、IPv6 で届き、それまでに一致しないメールはエラーになります。`ip6:` の項目を先に置くか、次の項目をアドレスで書いてください：{ $names }
spf-survey-include-missing = { $target } に SPF レコードがないため、これを include するレコードは、それまでに一致しないものすべてでエラーになります。解約したサービスではありませんか。そうなら include を削除してください。
spf-survey-include-vendor = { $target }（{ $vendor }）に SPF レコードがないため、これを include するレコードは、それまでに一致しないものすべてでエラーになります。サービスを解約したのなら include を削除してください。そうでなければ、include すべき名前を提供元に確認してください。
spf-survey-target-multiple = { $target } に SPF レコードが { $count } 件あるため、このレコードも、これを指すレコードもすべてエラーになります。
spf-survey-target-syntax = { $target } のレコードが読めないため（{ $column } 文字目：`{ $term }`）、このレコードも、これを指すレコードもすべてエラーになります。直せるのは { $target } の管理者です。
spf-survey-loop = `{ $term }` で循環しています：{ $path }。評価は回り続けて問い合わせの限度を使い切り、エラーになります。
spf-survey-redirect-missing = { $target } のレコードで決まるはずですが、SPF レコードがありません。それまでに一致しないものはすべてエラーになります。レコードを公開するか、redirect を削除してください。
spf-survey-redirect-ignored = レコードに `all` があるため、`{ $term }` は無視されます。意図しない方を削除してください。
spf-survey-ptr-count = { $ip } には逆引きの名前が { $count } 個あります。SPF が調べるのはそのうち { $limit } 個だけで順序も決まっていないため、`ptr` は一致したりしなかったりします。
spf-survey-ptr = { $domain } のレコードの `{ $term }` は遅くて信頼できず、もう公開すべきではありません。アドレスを書くか、`a:` に続けてホスト名を書いてください。
spf-survey-all-plus = { $domain } のレコードの `{ $term }` は、インターネット上の誰にでもこのドメインを名乗って送ることを認めています。受信側には迷惑メール送信者のレコードに見えます。
spf-survey-all-neutral = { $domain } のレコードの `{ $term }` は、書かれていないアドレスについて何も述べません。これでは誰も守られません。`~all` か `-all` と書いてください。
spf-survey-all-missing = { $domain } のレコードは `all` でも `redirect=` でも終わっていないため、書かれていないアドレスについて何も述べていません。`~all` か `-all` で終えてください。
spf-survey-after-all = `{ $all }` より後ろは評価されません：{ $terms }。これらのアドレスは pass になりません。`{ $all }` を最後に移してください。
spf-survey-qualifier-fail = `{ $term }` は誤りではありませんが、厳しい指定です。DKIM と DMARC を見る前に、これだけで転送メールを拒否する受信側があります。メールを送り、DMARC も設定しているドメインなら、`~all` でも同じように守られます。
spf-survey-qualifier-nobody = { $domain } のレコードは誰にも送信を認めていません。メールを送らないドメインなら、`-all` と書けばはっきり伝わります。
spf-survey-macro-helo = `{ $term }` は、クライアントが HELO で名乗る名前によって変わります。送る側が自由に選べる名前です。
spf-survey-macro-ptr = `{ $term }` は `ptr` と同じくクライアントの逆引きによって変わります。遅くて信頼できず、もう公開すべきではありません。
spf-survey-macro-open = `{ $term }` の問い合わせ先は送信者によって変わるため、何が見つかるかは調査では分かりません。問い合わせを一回使います。
spf-survey-wide-range = { $domain } のレコードの `{ $term }` は { $network } 全体を指しており、一つの送信者としては広すぎます。Gmail はこのようなレコードのメールを延期または拒否することがあります。
spf-survey-wide-union = { $domain } のレコードのネットワークは合わせて { $count } 個の IPv4 アドレスになります。{ $limit } 個を超えると、他人のアドレスまで書いているように見えます。
spf-survey-private = `{ $term }` は、インターネット越しには決して現れないアドレスです。ほかの受信側には役に立たず、不審と見なす受信側もあります。
spf-survey-redundant = `{ $term }` は、前にある `{ $by }` に何も加えません。削除するとレコードが短くなります（節約できる問い合わせ：{ $count } 回）。
spf-survey-repeated = `{ $term }`：{ $target } のレコードが二度 include され、その問い合わせ（{ $count } 回）も二重に数えられています。どちらかを削除してください。
spf-survey-exp = { $name } に使える説明文がありません。正しい形の ASCII の TXT レコードが一件だけ必要ですが、{ $count } 件あります。判定結果には影響しません。

## 逆引き DNS

iprev-no-name = { $ip } に逆引きの名前がありません（{ $error }）。このようなアドレスからのメールは多くの受信側が拒否します。PTR レコードは、アドレスの所有者が公開できます。
iprev-names = { $ip } の逆引き名は { $names } です。
iprev-limit = このアドレスには名前が { $count } 個あります。他者が際限なく処理を要求できないように、最初の { $limit } 個だけを調べます。
iprev-confirmed = { $name } の正引きが { $ip } を指しており、逆引き名を確認できました。
iprev-other-address = { $name } の正引きは { $ip } ではなく { $addresses } を指しています。
iprev-no-address = { $name } に同じ種類のアドレスがなく（{ $error }）、{ $ip } を指していません。
iprev-dns-error = { $name } の問い合わせに失敗しました（{ $error }）。後で結果が変わる可能性があります。

## DMARC

dmarc-record-found = レコードは `{ $record }` です。
dmarc-record-multiple = { $domain } に DMARC レコードが { $count } 件あります。受信側はすべて破棄します。一つだけ残してください。
dmarc-record-other = { $domain } のこの名前に TXT レコードが { $count } 件ありますが、正確に `v=DMARC1` で始まるものはありません。
dmarc-near-leading-blank = { $domain } のこの名前に DMARC のつもりと思われる TXT レコードがありますが、`v=DMARC1` の前に空白があるため、受信側は読み飛ばします。空白を取り除いてください。
dmarc-near-quoted = { $domain } のこの名前に DMARC のつもりと思われる TXT レコードがありますが、引用符が文字列そのものに含まれているため、受信側は読み飛ばします。引用符なしで公開してください。
dmarc-near-words = { $domain } のこの名前に DMARC のつもりと思われる TXT レコードがありますが、`v=DMARC1` の前に `TXT` などゾーンファイルの語があるため、受信側は読み飛ばします。その語を取り除いて公開してください。
dmarc-near-version = { $domain } のこの名前に DMARC のつもりと思われる TXT レコードがありますが、バージョンが正確に `DMARC1`（大文字、空白なし）ではないため、受信側は読み飛ばします。
dmarc-near-separator = { $domain } のこの名前に DMARC のつもりと思われる TXT レコードがありますが、`v=DMARC1` の後にセミコロンがないため、受信側は読み飛ばします。
dmarc-near-not-first = { $domain } のこの名前に DMARC のつもりと思われる TXT レコードがありますが、`v=DMARC1` が先頭のタグではないため、受信側は読み飛ばします。先頭に移してください。
dmarc-near-no-version = { $domain } のこの名前に、バージョンのない DMARC レコードのような TXT レコードがあり、受信側は読み飛ばします。先頭に `v=DMARC1;` を付けてください。
dmarc-record-absent = { $domain } は DMARC レコードを公開していません（{ $error }）。
dmarc-dns-error = { $domain } の DMARC レコードの問い合わせに失敗しました（{ $error }）。後で結果が変わる可能性があります。
dmarc-organizational-domain = { $domain } の組織ドメインは { $organizational } です。
dmarc-no-record = { $domain } にもその上位ドメインにも、適用される DMARC レコードがありません。
dmarc-tag-unknown = `{ $name }` は DMARC のタグではないため、無視されます。
dmarc-tag-removed = `{ $name }` は DMARC から廃止され、現在の受信側は無視します。削除してください（`pct=0` の代わりには `t=y` と書きます）。
dmarc-tag-invalid = `{ $value }` は `{ $name }` の値として使えないため、このタグは無視されます。
dmarc-tag-repeated = `{ $name }` がレコードに二つ以上あるため、どの値も採用されません。
dmarc-tag-not-uri = `{ $name }` の `{ $value }` はレポートの送り先として読み取れないため、飛ばされます。送り先は `mailto:reports@example.org` のように書きます。
dmarc-tag-size-limit = `{ $value }` にあるサイズの上限は DMARC から廃止され、レポートはそのまま送られます。感嘆符から後ろを削除してください。
dmarc-tag-without-ruf = `fo={ $value }` は個々のメールのレポートを送る条件ですが、送り先を示す `ruf` がないため無視されます。
dmarc-tag-without-effect = ここの `{ $name }` に効果はありません。{ $domain } のサブドメインは、組織ドメイン { $organizational } のレコードに従います。
dmarc-policy = { $domain } のポリシーは `{ $tag }` で決まり、{ $policy } です。
dmarc-policy-missing = レコードに `p` がないため、{ $domain } のポリシーは none になります。古い受信側はこのようなレコードを無視します。none のつもりなら `p=none` と書いてください。
dmarc-policy-unusable = { $domain } のレコードはポリシーを読み取れず、レポートの送り先もないため、DMARC はまったく適用されません。ポリシーを直してください。
dmarc-policy-replaced = { $domain } のレコードはポリシーを読み取れませんが、レポートの送り先があるため `p=none` として扱います。ポリシーを直してください。
dmarc-testing = このドメインは試験中（`t=y`）のため、{ $policy } の代わりに { $lowered } が適用されます。
dmarc-exists = { $domain } は DNS に存在するため、存在するサブドメイン用のポリシーが適用されます。
dmarc-exists-not = { $domain } は DNS に存在しないため、存在しないサブドメイン用のポリシーが適用されます。
dmarc-existence-unknown = { $domain } が存在するかどうかを確認できなかったため（{ $error }）、どのポリシーが適用されるか決まりません。
dmarc-no-author = メールにドメインを持つ From フィールドがないため、DMARC で守る対象がありません。
dmarc-from-missing = メールに From フィールドがなく、差出人が示されていません。
dmarc-from-several = 一つしか許されない From フィールドが { $count } 個あるため、どの差出人が表示されるか分かりません。
dmarc-from-unreadable = 差出人を読み取れないため（{ $reason }）、どの差出人が表示されるか分かりません。
dmarc-from-in-doubt = 差出人を確定できないため、このメールは合格できません。
dmarc-from-nobody = From フィールドにアドレスがありません（空のリストまたは空のグループ）。
dmarc-from-literal = 差出人 { $address } はドメインの代わりに IP アドレスを使っています。DMARC では守れません。
dmarc-from-name-imitates = 差出人の表示名には { $shown } とありますが、アドレスは { $domain } のものです。表示名だけを見せるソフトは多く、DMARC は表示名について何も保証しません。
dmarc-several-authors = From フィールドに複数のドメインがあり、そのうち { $count } 個を検査します。すべてが合格したときだけ合格とし、不合格のものがあれば、その中で最も厳しいポリシーが適用されます。
dmarc-too-many-authors = From フィールドに { $limit } 個を超えるドメインがあります。残りは検査しないため、このメールは合格できません。
dmarc-identifier-not-pass = { $domain } の { $method } の結果は { $result } です。差出人の証明になるのは pass だけです。
dmarc-identifier-open = DNS の障害のため、{ $domain } の { $method } を判定できませんでした。合格なら有効だったはずなので、このメールは合格とも不合格とも言えません。
dmarc-aligned-same = { $domain } は差出人のドメインそのものです。
dmarc-aligned-relaxed = { $domain } と { $author } は同じ組織ドメイン { $organizational } に属しています。
dmarc-not-aligned-strict = { $domain } は { $author } と同じではなく、レコードは完全な一致を求めています。
dmarc-not-aligned-elsewhere = { $domain } は { $author } の組織ドメイン { $organizational } の外にあります。別の組織のものなので、差出人の証明になりません。
dmarc-not-aligned-relaxed = { $domain } の組織ドメインは { $found }、{ $author } の組織ドメインは { $organizational } です。別の組織のものなので、差出人の証明になりません。
dmarc-alignment-open = 問い合わせに失敗したため、{ $domain } と { $author } が同じ組織かどうか決まりません。
dmarc-temperror = DNS の障害のため、{ $domain } からのメールの合否を決められません。後で再試行すれば決まる可能性があります。
dmarc-not-applied = { $domain } に DMARC は適用されません。所有者は何も求めていません。
dmarc-pass = { $domain } に属するドメインが、このメールを証明しています。
dmarc-fail = 合格したものの中に { $domain } に属するドメインがありません。所有者が求める扱いは { $policy } です。
dmarc-differs-result = パブリックサフィックスリストを使う受信側の判定は { $theirs }、現在の方式の受信側の判定は { $ours } です。
dmarc-differs-organizational-domain = { $domain } の組織ドメインは、ツリーウォークでは { $ours }、パブリックサフィックスリストでは { $theirs } です。ほかのどのドメインがこのドメインのメールを証明できるかは、受信側によって異なります。
dmarc-differs-record = { $domain } について、現在の方式の受信側は { $ours } のレコードを、古い方式の受信側は { $theirs } のレコードを使います。
dmarc-differs-only-ours = { $domain } のレコード（{ $ours } にあります）を見つけるのは、現在の方式の受信側だけです。古い方式の受信側はドメイン自身と組織ドメインしか調べず、ドメイン自身にレコードが複数あればそこでやめるため、ポリシーを適用しません。
dmarc-differs-policy = { $domain } に適用されるポリシーは、現在の方式の受信側では { $ours }、古い方式の受信側では { $theirs } です。
dmarc-differs-unreadable-theirs = 古い方式の受信側は `p` を必須とするため、{ $domain } のレコードを使いません。`p=none` のつもりでも明記してください。
dmarc-differs-unreadable-ours = 読み取れないポリシーがあるため、現在の方式の受信側は { $domain } のレコードを適用しません。知っているタグの少ない古い方式の受信側は適用します。
dmarc-differs-percent = 古い方式の受信側は `pct={ $percent }` に従い、不合格のメールの { $percent } % にポリシーを、残りには一段弱いポリシーを適用します。現在の方式の受信側はすべてに適用します。

## ARC

arc-none = ARC の封印（ARC-Seal）がありません。配送の途中で、変更前の状態を保証したサーバーはありません。
arc-pass = 封印はすべて本物です（{ $count } 個）。最も新しい封印は { $domain } によるものです。封印に書かれた内容をどこまで信じるかは、封印した相手をどこまで信じるかによります。
arc-set-found = { $domain } が { $instance } 番目の封印をしました。その時点の検証結果として書かれている内容：{ $results }
arc-signature-pass = メールは、{ $domain } が封印 { $instance } を付けて送り出したときのままです。
arc-signature-body = 本文が、{ $domain } が封印 { $instance } を付けたときのものと違います。
arc-signature-header = { $domain } が封印 { $instance } で署名したヘッダーフィールド（{ $fields }）が変更されたか、別の鍵で署名されています。
arc-signature-covers-seal = ARC-Message-Signature が ARC-Seal フィールドを署名の対象にしています。これは許されていません。
arc-seal-pass = 封印 { $instance } は { $domain } が作ったもので、そこまでのセットと合っています。
arc-seal-fail = 封印 { $instance } が、対象のセットと合いません。いずれかが変更されたか、{ $domain } の鍵が封印に使われたものと違います。
arc-changed-since = 署名時のままと言えるのは封印 { $next } からです。{ $domain } が封印 { $instance } で署名した内容は、その後で変更されています。メーリングリストではよくあることです。
arc-too-many = ARC のフィールドが、{ $limit } セットの連鎖に入りうる数を超えています。
arc-field-repeated = { $field } の { $instance } 番が二つ以上あります。一つのセットに各フィールドは一つずつです。
arc-field-missing = セット { $instance } に { $field } がありません。欠けのある連鎖は何の証明にもなりません。
arc-results-without-instance = ARC-Authentication-Results が `i=1;` のような番号で始まっていません：`{ $text }`
arc-seal-with-h = ARC-Seal に、あってはならないタグ `h=` があります。封印の対象は決まっています。
arc-cv-wrong = 封印 { $instance } に `cv={ $said }` とありますが、完全な連鎖なら `cv={ $wanted }` のはずです。
arc-sealed-as-failed = { $domain } が封印 { $instance } を作った時点で、連鎖はすでに壊れていました（`cv=fail`）。後から直すことはできません。

## DANE

auth-dane-unusable-pkix = TLSA レコード { $record } の証明書用途（PKIX-TA、PKIX-EE）は、メールでは使えません。送信側と受信側に共通の認証局一覧がないためです。代わりに DANE-EE（3 1 1）のレコードを公開してください。
auth-dane-unusable-unknown = TLSA レコード { $record } の用途、セレクター、照合方式のいずれかに意味が定められていないため、無視します。
auth-dane-unusable-data = TLSA レコード { $record } のデータの長さがハッシュ値の長さと合わないため、どの証明書とも一致しません。
auth-dane-unusable-weaker = TLSA レコード { $record } は、同じ種類でより強いハッシュのレコードが並んでいるため、使いません。
auth-dane-unusable-many = TLSA レコードが { $limit } 個を超えています。残りは調べません。
