## Pages for people who got mail from us.

api-farewell-title = Unsubscribe
api-farewell-button = Unsubscribe
api-farewell-ask-everything = { $domain } will send no more mail to { $recipient }. Press the button if that is what you want.
api-farewell-ask-tags = { $domain } will send no more mail about “{ $tags }” to { $recipient }; other mail goes on. Press the button if that is what you want.
api-farewell-done-title = You are unsubscribed
api-farewell-done-everything = { $domain } sends no more mail to { $recipient }. What is on its way already may still arrive. You may close this page.
api-farewell-done-tags = { $domain } sends no more mail about “{ $tags }” to { $recipient }. What is on its way already may still arrive. You may close this page.
api-farewell-invalid-title = This link is not valid
api-farewell-invalid = Mail programs sometimes break long links or cut them short. Open the link in the message once more, or copy it whole into the address line of your browser.
api-farewell-trouble-title = That did not work
api-farewell-trouble = Your wish could not be written down just now, and nothing has changed. Please try again in a few minutes.
