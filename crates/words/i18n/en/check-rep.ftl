# The doctor, family `rep`: what the providers themselves tell of a sender.
rep-sends-none = { $domain } sends no mail.
check-rep-postmaster = The providers' own pages are in use
check-rep-postmaster-about = Gmail, Yahoo and Outlook show senders what their users think of the mail: complaints, reputation, refusals. Only whoever proves that the domain or address is theirs can see it. Tells where, and whether such a proof is published.
rep-postmaster = { $domain } publishes a proof by which its owner can see what providers think of its mail. Look there when mail goes astray: nobody else knows.
rep-postmaster-none = No proof is published by which the owner of { $domain } could see what providers think of its mail. Mail is not refused for that.
rep-postmaster-fix = Sign in to Google Postmaster Tools and add { $domain } (it gives a TXT record to publish); at Yahoo Sender Hub register each DKIM domain for the complaint feedback loop; at Microsoft register your addresses for SNDS and JMRP (the page moved in June 2026, and the links it sends end after 30 days).
check-rep-safebrowsing = Browsers do not warn of the domain
check-rep-safebrowsing-about = Names the page on which Google tells whether browsers warn of the domain. Gmail asks senders to look there regularly, because a hijacked web page makes mail with links to it dangerous too. Nothing is asked there for you: open the page.
rep-safebrowsing = Whether browsers warn of { $domain } stands on this page of Google. Look there when mail with links to it goes astray.
