### What the pages say: signing in, and everything that people administer there.

## The door
page-sign-in = Sign in
page-sign-out = Sign out
page-name = Name
page-password = Password
page-sign-in-nobody = Nobody can sign in here yet. On the server, this makes the first one who can, and shows a password:
page-sign-in-refused = The name or the password is wrong.
page-sign-in-banned = Too many sign-ins have failed from your network. Try again after
page-trouble-foreign = Nothing was changed: the form did not come from a page of this server, or has grown old. Go back, load the page again, and send it once more.
page-trouble-read-only = Nothing was changed: you may look at everything here, but changing it takes the role admin.
page-role-admin = admin
page-role-read-only = read-only
