"""How referrals end, and go elsewhere."""
