### outbound
