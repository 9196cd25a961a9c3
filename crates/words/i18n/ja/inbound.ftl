### inbound
