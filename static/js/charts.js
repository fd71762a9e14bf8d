/* Draws what a page tells in a <script type="application/json"> beside a canvas, in the colours of the theme. */
(() => {
  "use strict";

  const probe = document.createElement("span");

  /* The value of one of our colours as the theme has it now: a canvas knows no light-dark(). */
  const colour = (name) => {
    probe.style.color = `var(--${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };

  const draw = (canvas) => {
    const told = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
    Chart.getChart(canvas)?.destroy();
    const quiet = colour("ink-quiet");
    new Chart(canvas, {
      type: "bar",
      data: {
        labels: told.labels,
        datasets: told.series.map((line) => ({
          label: line.label,
          data: line.data,
          backgroundColor: colour(line.tone),
          borderRadius: 4,
          maxBarThickness: 22,
        })),
      },
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        plugins: {
          legend: { position: "bottom", labels: { color: quiet, boxWidth: 10, boxHeight: 10, useBorderRadius: true, borderRadius: 3 } },
        },
        scales: {
          x: { stacked: true, grid: { display: false }, ticks: { color: quiet, maxRotation: 0, autoSkipPadding: 16 } },
          y: {
            border: { display: false },
            grid: { color: colour("line") },
            ticks: { color: quiet, maxTicksLimit: 6 },
            title: { display: true, text: told.unit, color: quiet },
          },
        },
      },
    });
  };

  const drawAll = () => document.querySelectorAll("canvas[data-chart]").forEach(draw);

  Chart.defaults.font.family = "Inter, system-ui, sans-serif";
  drawAll();
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
