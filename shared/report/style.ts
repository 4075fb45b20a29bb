/** @file The report's style sheet: one column that a phone can show, and a print form. */
export const STYLE_SHEET = `
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0 auto;padding:24px 20px 64px;max-width:920px;background:#fff;color:#202124;font:15px/1.5 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 4px}
h2{font-size:1.15rem;margin:36px 0 8px;padding-bottom:4px;border-bottom:1px solid #dadce0}
h3{font-size:1rem;margin:18px 0 6px}
p{margin:6px 0 10px;max-width:70ch}
.muted{color:#5f6368}
.lead{font-size:1.05rem}
.scroll{overflow-x:auto;margin:8px 0 12px}
table{border-collapse:collapse;font-size:.86rem;font-variant-numeric:tabular-nums}
th,td{padding:5px 10px 5px 0;text-align:right;vertical-align:top;white-space:nowrap;border-bottom:1px solid #eceff1;overflow-wrap:normal}
th{font-weight:600;border-bottom-color:#9aa0a6;white-space:normal;vertical-align:bottom}
th:first-child,td:first-child{text-align:left;position:sticky;left:0;background:#fff}
td small,th small{display:block;color:#5f6368;font-size:.78rem;font-weight:400}
tr.own td{font-weight:600;background:#f1f7fc}
tr.own td small{font-weight:400}
.key{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:7px}
svg{display:block;width:100%;height:auto}
figure{margin:8px 0 20px}
figcaption{color:#5f6368;font-size:.86rem;max-width:75ch}
.narrow{display:none}
.cell svg{margin:0 auto}
.id{font:12px/1.45 ui-monospace,Menlo,Consolas,monospace;color:#3c4043;overflow-wrap:anywhere}
details{margin:8px 0}
summary{cursor:pointer;font-weight:600;padding:4px 0}
.plain td,.plain th{text-align:left;white-space:normal;position:static}
li{margin:4px 0}
@media (max-width:640px){
 body{padding:16px 16px 48px;font-size:16px}
 .wide{display:none}
 .narrow{display:block}
}
@media print{
 body{padding:0;max-width:none;font-size:10.5pt}
 .wide{display:block}
 .narrow{display:none}
 .scroll{overflow:visible}
 table{font-size:7.5pt}
 th,td{padding:3px 6px 3px 0}
 h2{break-after:avoid}
 figure,tr{break-inside:avoid}
 details::details-content{content-visibility:visible;display:block}
}
`;
