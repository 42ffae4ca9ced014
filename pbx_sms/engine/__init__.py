"""The engine: one process per PBX that owns its modems and sends what the database holds.

Reading order: daemon (wiring), storage_thread, modem_keeper, receiver, sim_slot, sim_worker, dispatcher,
housekeeping.
"""
