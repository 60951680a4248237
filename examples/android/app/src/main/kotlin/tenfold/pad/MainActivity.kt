package tenfold.pad

import android.app.Activity
import android.os.Bundle
import android.view.Gravity
import android.view.View
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.widget.Button
import android.widget.LinearLayout
import android.widget.TextView
import tenfold.Reader

private const val PROMPT = "Draw a digit"

/** A pad, what was read on it, and a button that clears it. */
class MainActivity : Activity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val reader = Reader(text("constants.json"), text("thresholds.json"))
        val network = Network(this)
        val answer = TextView(this).apply {
            text = PROMPT
            textSize = 32f
            gravity = Gravity.CENTER
            accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
        }
        val pad = Pad(this) { strokes, pen ->
            answer.text = reader.image(strokes, smallest = pen)?.let { image ->
                val (digit, probability) = reader.answer(network.scores(image))
                when {
                    digit == null -> "no digit"
                    probability > 0.999 -> "$digit  > 99.9 %"
                    else -> "%d  %.1f %%".format(digit, 100 * probability)
                }
            } ?: PROMPT
        }
        val clear = Button(this).apply {
            text = "Clear"
            setOnClickListener {
                pad.clear()
                answer.text = PROMPT
            }
        }
        setContentView(LinearLayout(this).apply {
            orientation = LinearLayout.VERTICAL
            fitsSystemWindows = true
            addView(pad, LinearLayout.LayoutParams(MATCH_PARENT, 0, 1f))
            addView(answer)
            addView(clear)
        })
    }

    private fun text(name: String) = resource(name).reader().readText()
}
