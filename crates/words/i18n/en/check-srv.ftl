# The doctor: records by which mail programs find their servers.
check-srv-autoconfig = Mail programs find the servers by themselves
check-srv-autoconfig-about = Looks for the SRV records by which mail programs find where to send and read (`_submissions._tcp`, `_imaps._tcp`), and for the older names autoconfig and autodiscover. Without them people type host names and ports by hand, and get them wrong. No message is refused for it.
srv-no-mail = { $domain } receives no mail.
srv-autoconfig = Mail programs find where to send and read mail of { $domain }.
srv-autoconfig-none = { $domain } does not tell mail programs where to send and read. Its users have to enter hosts and ports by hand.
srv-autoconfig-other = { $domain } has { $name }, by which some mail programs find its servers, but not all the SRV records that the standard names.
srv-autoconfig-fix = Publish these records if the host takes mail from programs and shows it to them at these ports; else name the host that does.
srv-autoconfig-fix-words = Ask whoever runs the mailboxes for the hosts and ports, and publish them as SRV records `_submissions._tcp` and `_imaps._tcp`.
srv-autoconfig-dead = { $name } leads to { $host }, which has no address. Mail programs that follow it find nobody.
srv-autoconfig-dead-fix = Publish the address of { $host }, or take the record away.
srv-autoconfig-alias = { $name } leads to { $host }, an alias of { $target }. The host of an SRV record must not be one, and some programs do not follow it.
srv-autoconfig-alias-fix = Name { $target } itself.
