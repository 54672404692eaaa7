// Filters: swap the rows of tables that are told by part of the panel, and hide what belongs to another part or method.
(function () {
  "use strict";
  var form = document.getElementById("filters");
  var tables = window.samepanelTables;
  if (!form || !tables) return;
  form.hidden = false;

  function chosen() {
    var boxes = Array.from(form.querySelectorAll("input[name=method]"));
    return {
      task: form.elements.task.value,
      condition: form.elements.condition.value,
      methods: boxes.filter(function (box) { return box.checked; }).map(function (box) { return box.value; }),
      every: boxes.every(function (box) { return box.checked; })
    };
  }

  function fill(key) {
    document.querySelectorAll("tbody[data-rows]").forEach(function (body) {
      var parts = tables[body.dataset.rows];
      body.innerHTML = parts[key] !== undefined ? parts[key] : parts.missing;
    });
  }

  function hide(name, shown) {
    document.querySelectorAll("[data-" + name + "]").forEach(function (element) {
      element["hidden_" + name] = !shown(element.dataset[name]);
    });
  }

  function apply() {
    var now = chosen();
    fill(now.task + "|" + now.condition);
    hide("task", function (task) { return !now.task || task === now.task; });
    hide("condition", function (condition) { return !now.condition || condition === now.condition; });
    hide("method", function (method) { return now.methods.indexOf(method) >= 0; });
    document.querySelectorAll("[data-task], [data-condition], [data-method]").forEach(function (element) {
      var hidden = element.hidden_task || element.hidden_condition || element.hidden_method;
      element.toggleAttribute("hidden", Boolean(hidden));
    });
    var part = [now.task || "all tasks", now.condition || "all conditions"].join(", ");
    form.elements.shown.value = part + (now.every ? "" : ", " + (now.methods.join(", ") || "no method"));
  }

  form.addEventListener("change", apply);
  form.addEventListener("reset", function () { setTimeout(apply); });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  apply();
})();
