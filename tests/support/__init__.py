"""What tests share: real servers and browsers, started and stopped for them."""
