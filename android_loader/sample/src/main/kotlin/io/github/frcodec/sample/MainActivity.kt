package io.github.frcodec.sample

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.os.Build
import android.os.Bundle
import android.provider.MediaStore
import android.text.format.Formatter
import android.view.View
import android.view.WindowInsets
import android.widget.ImageView
import android.widget.ProgressBar
import android.widget.TextView

/** Shows a picture, the car that the network finds in it, and sizes and times. */
public class MainActivity : Activity() {
    private lateinit var session: Session

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.main)
        padForSystemBars(findViewById(R.id.root))
        session = lastNonConfigurationInstance as Session? ?: Session(this).apply { show(::bundledPicture) }
        session.watcher = ::render
        onClick(R.id.choose) { choosePicture() }
        onClick(R.id.bundled) { session.show(::bundledPicture) }
        onClick(R.id.forget) {
            session.clearCache()
            session.show(::bundledPicture)
        }
    }

    override fun onRetainNonConfigurationInstance(): Any = session

    override fun onDestroy() {
        session.watcher = null
        if (!isChangingConfigurations) session.end()
        super.onDestroy()
    }

    override fun onActivityResult(
        requestCode: Int,
        resultCode: Int,
        data: Intent?,
    ) {
        val uri = data?.data
        if (requestCode == CHOOSE && resultCode == RESULT_OK && uri != null) {
            session.show { readPicture(it.contentResolver, uri) }
        }
    }

    /** The system's photo picker, or the document picker before Android 13. Neither needs a permission. */
    private fun choosePicture() {
        val picker =
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) {
                Intent(MediaStore.ACTION_PICK_IMAGES)
            } else {
                Intent(Intent.ACTION_GET_CONTENT).addCategory(Intent.CATEGORY_OPENABLE)
            }
        try {
            startActivityForResult(picker.setType("image/*"), CHOOSE)
        } catch (_: ActivityNotFoundException) {
            render(State.Failed(getString(R.string.failed_no_picker)))
        }
    }

    private fun render(state: State) {
        val progress = findViewById<ProgressBar>(R.id.progress)
        progress.visibility = if (state is State.Found || state is State.Failed) View.INVISIBLE else View.VISIBLE
        progress.isIndeterminate = state !is State.Rebuilding
        if (state is State.Rebuilding) progress.progress = state.percent
        if (state is State.Found) renderFound(state)
        write(R.id.status, statusOf(state))
    }

    private fun statusOf(state: State): String =
        when (state) {
            is State.Opening -> getString(R.string.opening)
            is State.Rebuilding -> getString(R.string.rebuilding)
            is State.Running -> getString(R.string.looking)
            is State.Found -> if (state.covered == 0) getString(R.string.found_none) else covered(state)
            is State.Failed -> getString(R.string.failed, state.message)
        }

    private fun covered(found: State.Found) = getString(R.string.found, found.covered)

    private fun renderFound(found: State.Found) {
        findViewById<ImageView>(R.id.picture).setImageBitmap(found.picture)
        write(R.id.asset, sizeOf(found.report.assetBytes))
        write(R.id.model, sizeOf(found.report.modelBytes))
        write(R.id.rebuild, getString(R.string.milliseconds, found.report.rebuildMillis))
        write(R.id.load, getString(R.string.milliseconds, found.report.loadMillis))
        write(R.id.run, getString(R.string.milliseconds, found.runMillis))
        write(R.id.memory, sizeOf(found.nativeHeapBytes))
    }

    private fun write(
        id: Int,
        text: String,
    ) {
        findViewById<TextView>(id).text = text
    }

    private fun sizeOf(bytes: Long): String = Formatter.formatShortFileSize(this, bytes)

    private fun onClick(
        id: Int,
        action: () -> Unit,
    ) = findViewById<View>(id).setOnClickListener { action() }

    /** Since Android 15, apps are drawn behind the system bars and the display cutout. */
    private fun padForSystemBars(root: View) {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.R) return
        root.setOnApplyWindowInsetsListener { view, insets ->
            val bars = insets.getInsets(WindowInsets.Type.systemBars() or WindowInsets.Type.displayCutout())
            view.setPadding(bars.left, bars.top, bars.right, bars.bottom)
            WindowInsets.CONSUMED
        }
    }

    private companion object {
        const val CHOOSE = 1
    }
}
