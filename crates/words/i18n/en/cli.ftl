### What the commands say.

cli-unknown-subject = { $subject } is neither a queue id nor an address.
