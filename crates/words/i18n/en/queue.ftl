### queue
