"""The chained logs, and the proof that nothing in them was changed.

Migrations written before these modules moved here call them `stores/chain.py`, `stores/staff_log.py` and
`stores/carrying_over.py`.
"""
