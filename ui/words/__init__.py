"""What people read, in English and Chinese. Knows no markup."""
