# 診断：事業者自身が送信者に示す情報。
rep-sends-none = { $domain } はメールを送りません。
check-rep-postmaster = 事業者の送信者向けページを利用している
check-rep-postmaster-about = Gmail、Yahoo、Outlook は、苦情、評価、拒否など、利用者がメールをどう受け止めたかを送信者に示しています。見られるのは、ドメインやアドレスの所有を証明した人だけです。その場所と、証明が公開されているかを示します。
rep-postmaster = { $domain } は、所有者が事業者の評価を見るための証明を公開しています。メールが届かないときは、まずそこを確かめてください。ほかの誰にも分からない情報です。
rep-postmaster-none = { $domain } の所有者が事業者の評価を見るための証明は公開されていません。これでメールが拒否されることはありません。
rep-postmaster-fix = Google Postmaster Tools にログインして { $domain } を追加し（公開する TXT レコードが示されます）、Yahoo Sender Hub では DKIM ドメインごとに苦情のフィードバックループを登録し、Microsoft では SNDS と JMRP にアドレスを登録してください（ページは 2026 年 6 月に移転し、送られるリンクは 30 日で切れます）。
check-rep-safebrowsing = ブラウザがドメインを警告していない
check-rep-safebrowsing-about = ブラウザがドメインを警告するかを Google が示すページを案内します。乗っ取られたウェブページがあると、そこへのリンクを含むメールも危険と見なされるため、Gmail は定期的な確認を求めています。代わりに問い合わせることはしないので、ページを開いて確かめてください。
rep-safebrowsing = ブラウザが { $domain } を警告しているかは、Google のこのページで分かります。ここへのリンクを含むメールが届かないときに確かめてください。
