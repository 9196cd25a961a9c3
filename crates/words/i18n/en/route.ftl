### Words of routes of incoming mail.

route-step-recipient = The recipient { $value } begins as the pattern { $pattern } wants.
route-step-recipient-not = The recipient { $value } does not begin as the pattern { $pattern } wants.
route-step-header = The field { $name } with the value { $value } begins as the pattern { $pattern } wants.
route-step-header-not = None of the { $count } fields { $name } begins as the pattern { $pattern } wants.
route-step-header-absent = The message has no field { $name }.
route-step-catch-all = No route of better priority matched, so this one catches what is left.
route-step-caught = The route { $route } has matched already, so nothing is left for catch_all().
route-step-too-hard = The pattern { $pattern } takes too many steps on this text, so it counts as not matching. Write it with fewer repetitions inside repetitions.
route-step-stopped = It was not asked: the route { $route } matched and said stop().
route-does-forward = It sends the message on to { $address }.
route-does-loop = It would send the message on to { $address }, where it came from; that is left out, or the message would go in circles.
route-does-post = It posts the message to { $url }.
route-does-store = It keeps the message for whoever asks for it.
route-does-notify = It tells { $url } where the message is kept.
route-does-stop = No further route is asked.
route-does-nothing = It would send the message on, but what it captured makes no address: { $why }.
