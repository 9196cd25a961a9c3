hook-new = It has not been made yet.
hook-done = The receiver answered { $status }: it was heard.
hook-again = The receiver answered { $status } instead of 200. It is made again at { $due }.
hook-again-unanswered = There was no answer: { $said }. It is made again at { $due }.
hook-refused = The receiver answered 406, which means that it does not want this now or later. It is not made again, unless you have it made again.
hook-given-up = The receiver answered { $status } instead of 200, { $attempts } times in all. It is not made again, unless you have it made again.
hook-given-up-unanswered = There was no answer: { $said }. After { $attempts } attempts it is not made again, unless you have it made again.
