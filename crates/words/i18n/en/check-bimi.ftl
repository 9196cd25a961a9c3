# The doctor, family `bimi`: brand indicators.
check-bimi-record = The brand's picture can be found
check-bimi-record-about = Reads the BIMI record, with which some providers show a brand's picture beside messages. It is no standard yet, and has no effect on delivery.
check-bimi-dmarc = The DMARC policy allows a picture
check-bimi-dmarc-about = Looks whether the policy is enforced for the domain, its organization and its sub-domains. Providers show no picture otherwise.
check-bimi-svg = The picture keeps to the profile
check-bimi-svg-about = Fetches the picture and reads it: SVG Tiny PS, square, with a title, at most 32 KiB, with nothing in it that runs or is fetched.
check-bimi-cert = A certificate vouches for the picture
check-bimi-cert-about = Fetches the mark certificate and looks for whom, for which picture and until when it is. Gmail and iCloud show a picture only with one; whether they believe its authority is theirs to say, and not looked at here.
bimi-none = { $domain } publishes no BIMI record. Nothing depends on it.
bimi-several = { $name } has { $count } BIMI records, so providers take none.
bimi-record = { $domain } has a BIMI record.
bimi-declined = The BIMI record of { $domain } says that it has no picture.
bimi-version = The record at { $name } does not begin with `v=BIMI1`.
bimi-tag = `{ $tag }` in the record at { $name } is no tag, or stands twice.
bimi-no-picture = The record at { $name } has no `l=`, so it names no picture.
bimi-not-https = `{ $uri }` is no address that begins with `https://`.
bimi-preference = `avp={ $value }` is neither `brand` nor `personal`.
bimi-record-fix = Correct the record at { $name }: `v=BIMI1; l=` with the address of the picture, then `a=` with that of the certificate.
bimi-no-policy = No DMARC policy applies to { $domain }, so no provider shows its picture.
bimi-policy = The DMARC policy of { $domain } allows a picture.
bimi-policy-none = The DMARC policy of { $domain } is none, so no provider shows its picture.
bimi-policy-sp = The DMARC policy for sub-domains of { $domain } is none, so providers show no picture.
bimi-policy-testing = The DMARC record of { $domain } says `t=y`, which lowers its policy to none, so providers show no picture.
bimi-policy-percent = The DMARC record of { $domain } has a `pct` below 100. Current receivers ignore it, but Gmail shows no picture.
bimi-policy-fix = When the mail of { $domain } passes DMARC, publish a policy of quarantine or reject.
bimi-not-fetched = { $uri } was not fetched, because probes are switched off.
bimi-fetch-failed = { $uri } could not be fetched: { $error }.
bimi-status = The web server answers { $status } for { $uri }. Providers follow no redirects there.
bimi-svg = The picture at { $uri } keeps to the profile.
bimi-svg-large = The picture is larger than { $most } octets; { $octets } came. Some providers take none that is so large.
bimi-svg-type = The web server says that { $uri } is of the type `{ $kind }`; it has to be `image/svg+xml`.
bimi-svg-not-text = The picture is no text: it may be compressed, which providers do not expect there.
bimi-svg-not-xml = The picture cannot be read as XML from octet { $at } on.
bimi-svg-doctype = The picture has a document type (`<!DOCTYPE`), which the profile does not allow.
bimi-svg-not-svg = The outermost element of the picture is not `svg`.
bimi-svg-profile = The picture does not say `baseProfile="tiny-ps"`.
bimi-svg-version = The picture does not say `version="1.2"`.
bimi-svg-moved = The outermost element has `x` or `y`, which the profile does not allow.
bimi-svg-title = The picture has no `title`, which tells people who cannot see it whose it is.
bimi-svg-square = The picture is not square, or does not say how large it is.
bimi-svg-element = The picture has an element `{ $name }`, which the profile does not allow.
bimi-svg-event = The picture has an attribute `{ $name }` that would run something, which the profile does not allow.
bimi-svg-outside = The picture leads to `{ $uri }`, outside of itself, which the profile does not allow.
bimi-svg-too-much = The picture has too many elements, or too deep ones.
bimi-svg-fix = Save the picture as SVG Tiny PS; several programs convert other SVG to it.
bimi-no-certificate = The record of { $domain } names no certificate. Yahoo shows the picture all the same, Gmail and iCloud do not.
bimi-cert = The certificate for the picture of { $domain } is good until { $ends }. Whether providers believe its authority was not looked at.
bimi-cert-no-pem = There is no certificate in the file for { $domain }: it has to be PEM.
bimi-cert-unreadable = The certificate for { $domain } cannot be read.
bimi-cert-other = The certificate for { $domain } is not one for marks (VMC or CMC), but for something else.
bimi-cert-early = The certificate is good from { $begins } on, which is still to come.
bimi-cert-expired = The certificate was good until { $ends } and has expired.
bimi-cert-names = The certificate is for { $names }, and not for { $domain }.
bimi-cert-no-picture = There is no picture in the certificate for { $domain }.
bimi-cert-picture = The picture in the certificate is not the one that the record of { $domain } names.
bimi-cert-soon = The certificate ends in { $days } days.
bimi-cert-alone = The file for { $domain } has the certificate alone; those above it have to stand behind it.
bimi-cert-fix = Have the certificate for { $domain } issued anew, and publish the picture that stands in it.
