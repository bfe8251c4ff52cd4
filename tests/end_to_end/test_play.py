import asyncio, time
from service.referrals import workflow_id
async def test_play(rj, reference, referrals):
    async def say(*a, **k):
        t=time.perf_counter()
        s = await rj(*a, **k); print("$ rj", *a, "->", s.code, round(time.perf_counter()-t,2)); print(s.err)
        return s
    for _ in range(3): await say("show", reference)
    await say("erase", reference, "--reason", "request", "--as", "su-1", "--yes")
    for i in range(30):
        runs=[(r.status, r.run_id) async for r in referrals.client.list_workflows(f'WorkflowId="{workflow_id(reference)}"')]
        try:
            d=await referrals.client.get_workflow_handle(workflow_id(reference)).describe(); d=d.status
        except Exception as e: d=repr(e)
        print(i, runs, d)
        if not runs: break
        await asyncio.sleep(1)
    await say("show", reference)
    await say("list")
    await say("show", reference, env={"TEMPORAL_ADDRESS": "127.0.0.1:1"})
    await say("do", reference, "resume", "--as", "cw-1", env={"TEMPORAL_ADDRESS": "127.0.0.1:1"})
    await say("do", reference, "resume", "--as", "cw-1")
    await say("list", env={"DATABASE_URL": "postgresql://x:SECRET@127.0.0.1:1/x"})
