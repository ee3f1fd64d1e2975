import { DuckDBInstance } from '@duckdb/node-api';
import { toIpcStream } from '../src/store/arrow/index.ts';
import fs from 'node:fs';
const MIX=(rows)=>eval('`'+fs.readFileSync('/work/main/bench/arrow-stream.ts','utf8').match(/const MIX[^`]*`([^`]*)`/)[1]+'`');
const [,, mode, limit, gcEvery, batchRows] = process.argv;
const i=mode==='calc'?await DuckDBInstance.create(':memory:',{threads:'2'}):await DuckDBInstance.fromCache('/tmp/arrowprobe/r.duckdb',{threads:'2',memory_limit:'96MB',access_mode:'read_only'}); const c=await i.connect();
const base=process.memoryUsage.rss()/1e6; const t=performance.now(); let bytes=0,n=0,nextGc=Number(gcEvery)*1e6; let ext=0;
const q=mode==='calc'?MIX(limit):'select * from records';
for await(const p of toIpcStream(await c.stream(q),{batchRows:Number(batchRows??32768)})) { bytes+=p.length; if(gcEvery>0&&bytes>nextGc){globalThis.gc(); nextGc=bytes+Number(gcEvery)*1e6;} ext=Math.max(ext,process.memoryUsage().external); }
const ms=performance.now()-t; console.log(mode,limit,gcEvery,batchRows,(limit/ms*1000/1e6).toFixed(2),'Mrows/s rss',(process.resourceUsage().maxRSS/1024).toFixed(0),'base',base.toFixed(0),'ext',(ext/1e6).toFixed(0));
