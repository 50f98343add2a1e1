// How a page looks and how its pictures are read out: text that goes into it as it is.
#include "replay/report/page_parts.h"

namespace gangline {
namespace {

// Colours of causes: Okabe and Ito, "Color universal design", 2008. Sizes go from light to dark (on
// a dark page from bright to deep), so that they differ also without hue.
constexpr const char* colours = R"css(
:root{color-scheme:light dark;--bg:#fff;--fg:#1b2127;--soft:#56606b;--line:#d8dde3;--panel:#f4f6f8;
--accent:#0a5ca8;--used:#2b74b8;--cause0:#dfe3e8;--cause1:#e69f00;--cause2:#d55e00;--cause3:#b7669a;
--cause4:#009e73;--size0:#8a9099;--size1:#e8c100;--size2:#f2a03d;--size3:#e2613a;--size4:#bd3252;
--size5:#862a78;--size6:#3f2a86;--warn:#9a3b00}
@media(prefers-color-scheme:dark){:root{--bg:#14181d;--fg:#e4e8ec;--soft:#a0aab5;--line:#343c45;
--panel:#1c2229;--accent:#6db3f2;--used:#4a90d0;--cause0:#39424c;--cause1:#e69f00;--cause2:#d8671a;
--cause3:#cc79a7;--cause4:#1fb58b;--size0:#7d858f;--size1:#ffe066;--size2:#ffb154;--size3:#ff8552;
--size4:#ee5577;--size5:#b95bc4;--size6:#7d6bea;--warn:#ffb07a}}
.used{fill:var(--used);background:var(--used)}
.cause0{fill:var(--cause0);background:var(--cause0)}.cause1{fill:var(--cause1);background:var(--cause1)}
.cause2{fill:var(--cause2);background:var(--cause2)}.cause3{fill:var(--cause3);background:var(--cause3)}
.cause4{fill:var(--cause4);background:var(--cause4)}
.size0{fill:var(--size0);background:var(--size0)}.size1{fill:var(--size1);background:var(--size1)}
.size2{fill:var(--size2);background:var(--size2)}.size3{fill:var(--size3);background:var(--size3)}
.size4{fill:var(--size4);background:var(--size4)}.size5{fill:var(--size5);background:var(--size5)}
.size6{fill:var(--size6);background:var(--size6)}
)css";

constexpr const char* frame = R"css(
*{box-sizing:border-box}
body{margin:0 auto;max-width:1680px;padding:1rem clamp(.75rem,3vw,2.5rem) 4rem;background:var(--bg);
color:var(--fg);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
h1{font-size:1.6rem;line-height:1.25;margin:.1rem 0 .8rem;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2.2rem 0 .6rem}h3{font-size:1rem;margin:1.3rem 0 .4rem}
.brand{margin:0;color:var(--soft);font-size:.85rem;letter-spacing:.02em}
.lead{font-size:1.05rem;max-width:70ch}.note,.aside,small{color:var(--soft)}
.note{margin:.2rem 0 .7rem;font-size:.9rem;max-width:90ch}.aside{font-weight:400;font-size:.88em}
.warning{color:var(--warn);font-weight:600}.empty{color:var(--soft);font-style:italic}
bdi{overflow-wrap:anywhere}a{color:var(--accent)}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1rem;margin:1rem 0;max-width:100ch}
.facts dt{color:var(--soft);max-width:14rem}.facts dd{margin:0;min-width:0;overflow-wrap:anywhere}
.facts ul{margin:.1rem 0;padding-left:1.1rem}
.trust{border:1px solid var(--line);border-left:4px solid var(--accent);background:var(--panel);
padding:.6rem 1rem;border-radius:4px;max-width:100ch}
.trust h2{font-size:1rem;margin:0}.trust p,.trust ul{margin:.3rem 0}.trust ul{padding-left:1.1rem}
nav{position:sticky;top:0;z-index:5;display:flex;gap:.2rem 1.1rem;overflow-x:auto;white-space:nowrap;
background:var(--bg);border-bottom:1px solid var(--line);padding:.55rem 0;margin-top:1.2rem}
section{scroll-margin-top:3rem}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.scroll{overflow-x:auto;position:relative}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.22rem .8rem;text-align:right;vertical-align:baseline;white-space:nowrap}
thead th{border-bottom:1px solid var(--line);vertical-align:bottom}
th:first-child{text-align:left;position:sticky;left:0;background:var(--bg);padding-left:0;z-index:1}
tbody th[scope=row]{font-weight:400;white-space:normal;min-width:8rem}
tbody tr:not(.group):hover>*{background:var(--panel)}
.group th{padding-top:.9rem;font-weight:600;color:var(--soft);font-size:.85rem;white-space:nowrap}
.group th>span{position:sticky;left:0}td.text,th.text{text-align:left;white-space:normal}
td.text{min-width:6rem;max-width:16rem}
.best{font-weight:600}.best::before,.best-mark{content:"";display:inline-block;width:.42em;height:.42em;
border-radius:50%;background:var(--accent);margin-right:.45em;vertical-align:.14em}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0;margin:.3rem 0;font-size:.88rem}
.swatch{display:inline-block;width:.85em;height:.85em;border-radius:2px;margin-right:.45em;
vertical-align:-.06em;box-shadow:inset 0 0 0 1px color-mix(in srgb,var(--fg) 18%,transparent)}
.swatch.line{height:2px;background:var(--fg);vertical-align:.25em;box-shadow:none}
summary{cursor:pointer;padding:.35rem 0}details{margin:.2rem 0}
)css";

constexpr const char* pictures = R"css(
svg{display:block;width:100%;overflow:hidden}
.area{stroke:var(--bg);stroke-width:.6}.grid,.rows,.area,.waiting-line{vector-effect:non-scaling-stroke}
.grid{fill:none;stroke:var(--fg);stroke-opacity:.13;stroke-width:1}.rows{fill:var(--panel)}
.waiting-area{fill:var(--fg);fill-opacity:.09}
.waiting-line{fill:none;stroke:var(--fg);stroke-width:1.3;stroke-linejoin:round}
.chart{display:grid;grid-template-columns:3.6rem 1fr;grid-template-rows:160px 80px auto}
svg.tall{height:160px}svg.low{height:60px;margin-top:20px;background:var(--panel)}
.chart.alone{grid-template-rows:160px auto}.what{position:absolute;left:0;top:165px;font-size:.75rem;
line-height:1;color:var(--soft);pointer-events:none}
.plot{position:relative;min-width:0}.chart>.plot{grid-area:1/2/4/3}.chart.alone>.plot{grid-area:1/2/3/3}
.scale{position:relative;font-size:.75rem;color:var(--soft);font-variant-numeric:tabular-nums}
.scale.tall{grid-area:1/1}.scale.low{grid-area:2/1;margin-top:20px}
.scale span{position:absolute;right:.5rem;line-height:1}
.top{top:0}.middle{top:50%;transform:translateY(-50%)}.bottom{bottom:0}
.ticks{position:relative;height:1.3rem;font-size:.75rem;color:var(--soft);font-weight:400}
.ticks span{position:absolute;top:.2rem;transform:translateX(-50%);white-space:nowrap}
.ticks .left{transform:none}.ticks .right{transform:translateX(-100%)}
.cursor{position:absolute;top:0;height:240px;width:0;border-left:1px solid var(--fg);display:none;
pointer-events:none}.alone .cursor{height:160px}
.readout{min-height:1.4em;margin:.2rem 0 .3rem;font-size:.85rem;color:var(--soft);
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
table.waits{width:100%}th.picture,td.picture{width:99%;min-width:9rem}th.picture{padding-bottom:0}
.track{position:relative;height:1em;border-bottom:1px solid var(--line)}
.track span{position:absolute}.range{top:.36em;height:.28em;background:var(--used);opacity:.45}
.median,.median-mark{width:.62em;height:.62em;border-radius:50%;background:var(--used)}
.median{top:.19em;margin-left:-.31em}.p95,.p95-mark{width:3px;height:.9em;background:var(--cause2)}
.p95{top:.05em;margin-left:-1.5px}
.median-mark,.p95-mark{display:inline-block;margin-right:.4em;vertical-align:-.04em}
.stack{display:flex;height:.7rem;min-width:7rem;margin-top:.35rem;background:var(--panel)}
.stack span{box-shadow:inset -1px 0 var(--bg)}
caption{text-align:left;font-weight:600;padding:.9rem 0 .3rem}td.text.holders{min-width:14rem;max-width:none;
font-size:.88em}.held td.holders{width:90%}td.text.name{max-width:none;white-space:nowrap}.holders b{font-weight:600}
.holders .stack{margin:.2rem 0}table.held,table.longest{width:100%}
.rest{fill:var(--fg)}.rest1{fill-opacity:.1}.rest2{fill-opacity:.2}.rest3{fill-opacity:.32}.rest4{fill-opacity:.46}
table.idle small{display:block;max-width:34rem;text-indent:0}
table.idle tbody th{padding-left:1.35em;text-indent:-1.35em}
.gantt{display:flex;flex-wrap:wrap;position:relative;margin-top:.4rem}
.gantt input{position:absolute;opacity:0;pointer-events:none}
.gantt label{border:1px solid var(--line);padding:.05rem .7rem;margin:0 .3rem .5rem 0;border-radius:3px;
font-size:.85rem;cursor:pointer}
.gantt input:checked+label{background:var(--accent);border-color:var(--accent);color:var(--bg)}
.gantt input:focus-visible+label{outline:2px solid var(--accent);outline-offset:2px}
.break{flex-basis:100%}.names{flex:0 0 clamp(4.2rem,12vw,9rem);position:relative;font-size:.75rem;
color:var(--soft)}
.names div{position:absolute;left:0;right:.5rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;
text-align:right}
.names bdi{overflow-wrap:normal}
.window{flex:1 1 0;min-width:0;overflow-x:auto}.for-zoom4,.for-zoom16{display:none}
.zoom4:checked~.window .plot{width:400%}.zoom16:checked~.window .plot{width:1600%}
.zoom4:checked~.window .for-zoom4,.zoom16:checked~.window .for-zoom16{display:block}
.zoom4:checked~.window .for-zoom1,.zoom16:checked~.window .for-zoom1{display:none}
.shade{fill-opacity:.72}.gantt path.on{stroke:var(--fg);stroke-width:2;vector-effect:non-scaling-stroke}
.gantt g path:not(.unnamed):hover{stroke:var(--fg);stroke-width:1.5;vector-effect:non-scaling-stroke}
@media(max-width:620px){body{font-size:14px}.facts{grid-template-columns:1fr;gap:0}
.facts dd{margin-bottom:.5rem}.ticks:not(.for-zoom4,.for-zoom16) span:nth-child(even){display:none}
th,td{padding-left:.35rem;padding-right:.35rem}
tbody th[scope=row]{min-width:6.2rem;max-width:38vw}.wide{display:none}.chart{grid-template-columns:2.6rem 1fr}
th.picture,td.picture{min-width:4.5rem}.stack{min-width:4.5rem}.idle .aside{display:block}
.waits thead th,.held thead th{white-space:normal}
table.waits tbody th[scope=row],table.held tbody th[scope=row]{min-width:4.4rem}.held td.text.holders{min-width:9rem}
td.text.name{max-width:7rem;overflow:hidden;text-overflow:ellipsis}}
@media print{nav,.gantt label,.readout{display:none}.scroll,.window{overflow:visible}}
)css";

constexpr const char* script = R"js(
(function () {
  'use strict';
  function each(selector, act) { document.querySelectorAll(selector).forEach(act); }
  function lasting(s) {
    var d = Math.floor(s / 86400), h = Math.floor(s % 86400 / 3600), m = Math.floor(s % 3600 / 60);
    return d ? d + 'd' + h + 'h' : h ? h + 'h' + m + 'm' : m ? m + 'm' : Math.floor(s) + 's';
  }
  function moment(at, from, dated) {
    return dated ? new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')
                 : lasting(at - from);
  }

  each('.chart', function (chart) {
    var all = JSON.parse(chart.querySelector('.numbers').textContent);
    var layers = chart.dataset.layers.split('|'), unit = chart.dataset.unit;
    var plot = chart.querySelector('.plot'), cursor = chart.querySelector('.cursor');
    var readout = chart.nextElementSibling, column = -1;
    function show(c) {
      if (!all.columns.length) return;
      column = Math.max(0, Math.min(all.columns.length - 1, c));
      var values = all.columns[column], at = all.begin + column * all.width;
      var parts = [];
      layers.forEach(function (name, i) {
        if (values[i] > 0 || i === 0) parts.push(name + ' ' + values[i]);
      });
      readout.textContent = moment(at, all.from, all.dated) + ', ' + unit + ': ' +
          parts.join('; ') + '. Waited for: ' + values[layers.length] + '.';
      var middle = (at + all.width / 2 - all.from) / (all.until - all.from);
      cursor.style.left = Math.min(100, 100 * middle) + '%';
      cursor.style.display = 'block';
    }
    function hide() { cursor.style.display = 'none'; readout.textContent = ''; }
    plot.addEventListener('pointermove', function (event) {
      var box = plot.getBoundingClientRect();
      var at = all.from + (event.clientX - box.left) / box.width * (all.until - all.from);
      show(Math.floor((at - all.begin) / all.width));
    });
    plot.addEventListener('pointerleave', function () {
      if (document.activeElement !== chart) hide();
    });
    chart.addEventListener('blur', hide);
    chart.addEventListener('keydown', function (event) {
      var to = {ArrowRight: column + 1, ArrowLeft: column - 1, PageDown: column + 20,
                PageUp: column - 20, Home: 0, End: Infinity}[event.key];
      if (to === undefined) return;
      event.preventDefault();
      show(to);
    });
  });

  each('.gantt', function (gantt) {
    var view = gantt.querySelector('.window'), readout = gantt.nextElementSibling;
    var bars = null, on = -1;
    function look() {
      if (bars) return;
      bars = Array.from(gantt.querySelectorAll('g path:not(.unnamed)'), function (path) {
        return {path: path, box: path.getBBox()};
      });
      bars.sort(function (a, b) { return a.box.x - b.box.x || a.box.y - b.box.y; });
    }
    function tell(path) { readout.textContent = path.querySelector('title').textContent; }
    function choose(index) {
      if (!bars.length) return;
      if (on >= 0) bars[on].path.classList.remove('on');
      on = Math.max(0, Math.min(bars.length - 1, index));
      var bar = bars[on], wide = view.scrollWidth;
      bar.path.classList.add('on');
      tell(bar.path);
      var left = bar.box.x / 10000 * wide;
      if (left < view.scrollLeft || left > view.scrollLeft + view.clientWidth)
        view.scrollLeft = left - view.clientWidth / 3;
    }
    function beside(down) {
      var from = bars[Math.max(0, on)].box, best = on, least = Infinity;
      bars.forEach(function (bar, i) {
        var dy = (bar.box.y - from.y) * (down ? 1 : -1);
        if (dy <= 0) return;
        var apart = Math.max(0, bar.box.x - from.x - from.width, from.x - bar.box.x - bar.box.width);
        if (dy * 20 + apart < least) { least = dy * 20 + apart; best = i; }
      });
      return best;
    }
    gantt.addEventListener('pointerover', function (event) {
      var path = event.target.closest && event.target.closest('g path:not(.unnamed)');
      if (path) tell(path);
    });
    view.addEventListener('keydown', function (event) {
      if (!event.key.startsWith('Arrow') && event.key !== 'Home' && event.key !== 'End') return;
      event.preventDefault();
      look();
      choose({ArrowRight: on + 1, ArrowLeft: on - 1, Home: 0, End: Infinity}[event.key] ??
             beside(event.key === 'ArrowDown'));
    });
  });
})();
)js";

}  // namespace

std::string page_style() {
  return "<style>" + std::string(colours) + frame + pictures + "</style>\n";
}

std::string page_script() { return "<script>" + std::string(script) + "</script>\n"; }

}  // namespace gangline
