### What the commands say.

cli-unknown-subject = { $subject } is neither a queue id nor an address.

## Configuration

cli-config-unreadable = The configuration { $path } cannot be read: { $reason }
cli-config-not-toml = This is not TOML: { $reason }
cli-config-unknown-key = Unknown key `{ $key }`
cli-config-did-you-mean = Did you mean `{ $key }`?
cli-config-known-keys = The keys known here are `{ $keys }`
cli-config-wants-text = `{ $key }` wants a text in quotes
cli-config-wants-boolean = `{ $key }` wants `true` or `false`
cli-config-wants-port = `{ $key }` wants a port number from 1 to 65535
cli-config-wants-count = `{ $key }` wants a whole number above zero
cli-config-wants-table = `{ $key }` wants a table
cli-config-wants-address = `{ $key }` wants a port (25), an address with a port ("127.0.0.1:2525"), a list of those, or `false`
cli-config-wants-size = `{ $key }` wants a size such as 26214400 or "25MiB"
cli-config-one-of = `{ $key }` wants one of `{ $choices }`
cli-config-no-hostname = `hostname` is missing: the name of this server, such as "mail.example.com"
cli-config-bad-domain = `{ $domain }` is not a domain name: { $reason }
cli-config-bad-ip = `{ $text }` is not an IP address
cli-config-tls-half = `certificate` and `key` belong together: give both, or neither and Tegami makes a self-signed certificate
cli-config-no-acme = This version does not fetch certificates by ACME: give `certificate` and `key`
cli-config-smarthost-host = `smarthost` wants a `host`
cli-config-smarthost-credentials = `user` and a password belong together: give `user` and one of `password`, `password_file`, `password_env`
cli-config-secret-file = The password file { $path } cannot be read: { $reason }
cli-config-secret-env = The environment variable { $name } is not set
cli-config-secret-twice = The password is given twice: keep one of `password`, `password_file`, `password_env`
